// What one JavaScript environment (the main thread or a worker) owns: its tensors, generators and operators.
#pragma once

#include <ATen/ATen.h>
#include <ATen/core/dispatch/Dispatcher.h>
#include <node_api.h>

#include <cstdint>
#include <memory>
#include <mutex>
#include <string>
#include <vector>

namespace laurel {

// Slots addressed by (index, generation), so that a stale handle is an error and never another tensor.
// Handles are exact in a JavaScript number: 22 bits of index below 31 bits of generation.
template <typename Value>
class SlotTable {
 public:
  double insert(Value value) {
    uint32_t index;
    if (free_.empty()) {
      index = static_cast<uint32_t>(slots_.size());
      TORCH_CHECK(index < kIndexRange, "more than ", kIndexRange, " live handles");
      slots_.emplace_back();
    } else {
      index = free_.back();
      free_.pop_back();
    }
    slots_[index].value = std::move(value);
    slots_[index].used = true;
    ++live_;
    return static_cast<double>(slots_[index].generation) * kIndexRange + index;
  }

  // The value behind a handle, or nullptr when it was released or never existed.
  Value* find(double handle) {
    if (!(handle >= 0) || handle >= 9007199254740992.0) return nullptr;
    const auto bits = static_cast<uint64_t>(handle);
    const auto index = bits % kIndexRange;
    if (index >= slots_.size()) return nullptr;
    auto& slot = slots_[index];
    return slot.used && slot.generation == bits / kIndexRange ? &slot.value : nullptr;
  }

  bool erase(double handle) {
    if (find(handle) == nullptr) return false;
    const auto index = static_cast<uint32_t>(static_cast<uint64_t>(handle) % kIndexRange);
    auto& slot = slots_[index];
    slot.used = false;
    --live_;
    // A slot whose generations are spent is retired, so a handle never comes to mean something else.
    if (++slot.generation < kGenerationRange) free_.push_back(index);
    const Value dropped = std::move(slot.value);
    slot.value = Value();
    return true;
  }

  size_t live() const { return live_; }

 private:
  static constexpr uint64_t kIndexRange = 1ull << 22;
  static constexpr uint32_t kGenerationRange = 1u << 31;
  struct Slot {
    Value value{};
    uint32_t generation = 1;
    bool used = false;
  };
  std::vector<Slot> slots_;
  std::vector<uint32_t> free_;
  size_t live_ = 0;
};

// References to JavaScript buffers whose tensors have died, possibly on another thread;
// only the JavaScript thread may delete them.
struct ReleaseQueue {
  std::mutex mutex;
  std::vector<napi_ref> references;
};

struct Environment {
  SlotTable<at::Tensor> tensors;
  SlotTable<at::Generator> generators;
  std::vector<c10::OperatorHandle> operators;
  std::vector<std::string> strings;
  // The numbers that carry arguments in and results out; see wire.h.
  double* wire = nullptr;
  size_t wireLength = 0;
  napi_ref wireReference = nullptr;
  std::shared_ptr<ReleaseQueue> released = std::make_shared<ReleaseQueue>();

  at::Tensor& tensor(double handle) {
    at::Tensor* found = tensors.find(handle);
    TORCH_CHECK(found != nullptr, "the tensor has been freed (disposed, or its scope is closed)");
    return *found;
  }

  at::Generator& generator(double handle) {
    at::Generator* found = generators.find(handle);
    TORCH_CHECK(found != nullptr, "the generator has been freed");
    return *found;
  }
};

}  // namespace laurel
