// Memory of CPU tensors. libtorch asks malloc, which splits what it freed and cannot join it again: tensors of many
// sizes then leave holes, and resident memory grows. Here a large tensor is a mapping of its own, of huge pages where
// the kernel has them, kept for the next tensor of about its size; small ones are malloc's as before.
// - What is mapped exceeds the most that tensors have needed at one time by an eighth or 64 MiB at most.
// - LAUREL_ALLOCATOR=malloc leaves libtorch its own.
#include <c10/core/Allocator.h>
#include <c10/core/CPUAllocator.h>
#include <c10/util/Exception.h>
#include <sys/mman.h>

#include <algorithm>
#include <cstdlib>
#include <cstring>
#include <map>
#include <mutex>

#include "functions.h"

namespace laurel {
namespace {

// Before each tensor's memory, a word that says how much was mapped for it, 0 for malloc; its alignment is libtorch's.
constexpr size_t kBefore = 64;
constexpr size_t kLargeBytes = size_t{1} << 18;
constexpr size_t kSmallPage = size_t{1} << 12;
constexpr size_t kHugePage = size_t{1} << 21;
constexpr size_t kMostSlack = size_t{1} << 26;
constexpr uint8_t kPriority = 100;

constexpr size_t roundUp(size_t bytes, size_t unit) { return (bytes + unit - 1) / unit * unit; }

void* mapPages(size_t bytes) {
  void* pages = mmap(nullptr, bytes, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
  return pages == MAP_FAILED ? nullptr : pages;
}

// Pages that begin where a huge page can.
void* mapHugePages(size_t bytes) {
  char* const pages = static_cast<char*>(mapPages(bytes + kHugePage));
  if (pages == nullptr) return nullptr;
  const size_t before = roundUp(reinterpret_cast<size_t>(pages), kHugePage) - reinterpret_cast<size_t>(pages);
  if (before > 0) munmap(pages, before);
  if (before < kHugePage) munmap(pages + before + bytes, kHugePage - before);
  madvise(pages + before, bytes, MADV_HUGEPAGE);
  return pages + before;
}

// Freed mappings, by size and by age.
class Cache {
 public:
  // A mapping of at least `bytes` and at most an eighth more, or null.
  void* take(size_t bytes, size_t* mapped) {
    const auto found = bySize_.lower_bound({bytes, 0});
    if (found == bySize_.end() || found->first.first > bytes + bytes / 8) return nullptr;
    *mapped = found->first.first;
    void* const pages = found->second;
    byAge_.erase(found->first.second);
    bySize_.erase(found);
    bytes_ -= *mapped;
    return pages;
  }

  void put(void* pages, size_t mapped) {
    bySize_[{mapped, ++age_}] = pages;
    byAge_[age_] = mapped;
    bytes_ += mapped;
  }

  // Gives the oldest back to the system.
  void dropOldest() {
    const auto oldest = byAge_.begin();
    const auto found = bySize_.find({oldest->second, oldest->first});
    munmap(found->second, oldest->second);
    bytes_ -= oldest->second;
    bySize_.erase(found);
    byAge_.erase(oldest);
  }

  size_t bytes() const { return bytes_; }

 private:
  std::map<std::pair<size_t, uint64_t>, void*> bySize_;
  std::map<uint64_t, size_t> byAge_;
  uint64_t age_ = 0;
  size_t bytes_ = 0;
};

struct Usage {
  size_t live = 0;
  size_t mostLive = 0;
  size_t cached = 0;
};

class Mappings {
 public:
  void* acquire(size_t bytes, size_t* mapped) {
    const std::lock_guard<std::mutex> lock(mutex_);
    *mapped = roundUp(bytes, kSmallPage);
    void* pages = cache_.take(*mapped, mapped);
    usage_.mostLive = std::max(usage_.mostLive, usage_.live + *mapped);
    if (pages == nullptr) {
      const size_t most = usage_.mostLive + std::min(usage_.mostLive / 8, kMostSlack);
      while (cache_.bytes() > 0 && usage_.live + cache_.bytes() + *mapped > most) cache_.dropOldest();
      const auto map = *mapped >= kHugePage ? mapHugePages : mapPages;
      pages = map(*mapped);
      if (pages == nullptr && cache_.bytes() > 0) {
        dropAll();
        pages = map(*mapped);
      }
      if (pages == nullptr) return nullptr;
    }
    usage_.live += *mapped;
    return pages;
  }

  void release(void* pages, size_t mapped) {
    const std::lock_guard<std::mutex> lock(mutex_);
    usage_.live -= mapped;
    cache_.put(pages, mapped);
  }

  void trim() {
    const std::lock_guard<std::mutex> lock(mutex_);
    dropAll();
    usage_.mostLive = usage_.live;
  }

  Usage usage() {
    const std::lock_guard<std::mutex> lock(mutex_);
    Usage usage = usage_;
    usage.cached = cache_.bytes();
    return usage;
  }

 private:
  void dropAll() {
    while (cache_.bytes() > 0) cache_.dropOldest();
  }

  std::mutex mutex_;
  Cache cache_;
  Usage usage_;
};

// Never destroyed: tensors outlive every environment.
Mappings& mappings() {
  static Mappings* const all = new Mappings();
  return *all;
}

size_t& mappedBytes(void* block) { return *static_cast<size_t*>(block); }

void* acquireBlock(size_t bytes) {
  const size_t whole = bytes + kBefore;
  void* block = nullptr;
  size_t mapped = 0;
  if (whole >= kLargeBytes) {
    block = mappings().acquire(whole, &mapped);
  } else if (posix_memalign(&block, kBefore, whole) != 0) {
    block = nullptr;
  }
  TORCH_CHECK(block != nullptr, "no memory for a tensor of ", bytes, " bytes");
  mappedBytes(block) = mapped;
  return static_cast<char*>(block) + kBefore;
}

void releaseBlock(void* data) {
  if (data == nullptr) return;
  void* const block = static_cast<char*>(data) - kBefore;
  const size_t mapped = mappedBytes(block);
  if (mapped == 0) {
    free(block);
  } else {
    mappings().release(block, mapped);
  }
}

// What libtorch's versions declare differs in `const` and in `copy_data`, hence no `override`.
class TensorAllocator final : public c10::Allocator {
 public:
  c10::DataPtr allocate(size_t bytes) const { return make(bytes); }
  c10::DataPtr allocate(size_t bytes) { return make(bytes); }
  c10::DeleterFnPtr raw_deleter() const { return &releaseBlock; }
  void copy_data(void* to, const void* from, size_t bytes) const { std::memcpy(to, from, bytes); }

 private:
  static c10::DataPtr make(size_t bytes) {
    void* const data = bytes == 0 ? nullptr : acquireBlock(bytes);
    return {data, data, &releaseBlock, at::Device(at::DeviceType::CPU)};
  }
};

void useMappings() {
  const char* const chosen = std::getenv("LAUREL_ALLOCATOR");
  if (chosen != nullptr && std::strcmp(chosen, "malloc") == 0) return;
  static auto* const allocator = new TensorAllocator();
  c10::SetCPUAllocator(allocator, kPriority);
}

// tensorMemory(): on the wire bytes in use by large tensors, the most there have been, and bytes kept for the next.
napi_value tensorMemory(Arguments& arguments) {
  const Usage usage = mappings().usage();
  double* const words = arguments.environment().words(3);
  words[0] = static_cast<double>(usage.live);
  words[1] = static_cast<double>(usage.mostLive);
  words[2] = static_cast<double>(usage.cached);
  return nullptr;
}

// Gives what is kept back to the system.
napi_value trimMemory(Arguments&) {
  mappings().trim();
  return nullptr;
}

}  // namespace

void defineMemory(napi_env env, napi_value exports) {
  static std::once_flag once;
  std::call_once(once, useMappings);
  define<tensorMemory>(env, exports, "tensorMemory");
  define<trimMemory>(env, exports, "trimMemory");
}

}  // namespace laurel
