// What one JavaScript environment (the main thread or a worker) owns: its tensors, generators and operators.
#pragma once

#include <ATen/ATen.h>
#include <ATen/core/stack.h>
#include <node_api.h>

#include <atomic>
#include <cmath>
#include <cstdint>
#include <deque>
#include <memory>
#include <mutex>
#include <string>
#include <unordered_map>
#include <vector>

#include "plan.h"

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
    if (!(handle >= 0) || handle >= 9007199254740992.0 || std::trunc(handle) != handle) return nullptr;
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

// Strings by number, each kept once.
class StringTable {
 public:
  double insert(const std::string& text) {
    const auto [entry, isNew] = numbers_.try_emplace(text, strings_.size());
    if (isNew) strings_.push_back(text);
    return static_cast<double>(entry->second);
  }

  const std::string& at(double number) const {
    TORCH_CHECK(number >= 0 && number < static_cast<double>(strings_.size()), "unknown string");
    return strings_[static_cast<size_t>(number)];
  }

 private:
  std::unordered_map<std::string, size_t> numbers_;
  std::deque<std::string> strings_;
};

// References to JavaScript buffers whose tensors have died, possibly on another thread;
// only the JavaScript thread may delete them.
class ReleaseQueue {
 public:
  void push(napi_ref reference) {
    const std::lock_guard<std::mutex> lock(mutex_);
    references_.push_back(reference);
    pending_ = true;
  }

  std::vector<napi_ref> takeAll() {
    if (!pending_) return {};
    const std::lock_guard<std::mutex> lock(mutex_);
    pending_ = false;
    return std::exchange(references_, {});
  }

 private:
  std::mutex mutex_;
  std::atomic<bool> pending_{false};
  std::vector<napi_ref> references_;
};

struct Environment {
  SlotTable<at::Tensor> tensors;
  SlotTable<at::Generator> generators;
  std::vector<Operator> operators;
  StringTable strings;
  // Reused from call to call; empty between calls.
  torch::jit::Stack stack;
  // The numbers that carry arguments in and results out; see wire.h.
  double* wire = nullptr;
  size_t wireLength = 0;
  napi_ref wireReference = nullptr;
  std::shared_ptr<ReleaseQueue> released = std::make_shared<ReleaseQueue>();

  // The first `count` numbers of the wire.
  double* words(int64_t count) const {
    TORCH_CHECK(count >= 0 && static_cast<size_t>(count) <= wireLength, count, " values do not fit the wire");
    return wire;
  }

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
