// Times what libtorch runs inside each call, by its own observers: operators and autograd's nodes, on every thread.
#include <ATen/record_function.h>

#include <chrono>

#include "functions.h"

namespace laurel {
namespace {

constexpr size_t kMostKernels = 1u << 22;
constexpr size_t kWordsPerKernel = 6;

struct Kernel {
  uint32_t name;
  uint32_t shapes;
  at::RecordScope scope;
  uint64_t thread;
  int64_t start;
  int64_t end;
};

// What is known when a kernel starts.
struct KernelStart : at::ObserverContext {
  std::string shapes;
  int64_t at = 0;
};

int64_t nanoseconds() {
  return std::chrono::duration_cast<std::chrono::nanoseconds>(std::chrono::steady_clock::now().time_since_epoch()).count();
}

// Observers belong to the process, so what they record does too, and one profile is taken at a time.
class KernelLog {
 public:
  static KernelLog& instance() {
    static auto* log = new KernelLog;
    return *log;
  }

  void begin(at::RecordFunctionCallback observer) {
    const std::lock_guard<std::mutex> lock(mutex_);
    TORCH_CHECK(!recording_, "a profile is being taken already; stop it first");
    kernels_.clear();
    texts_.clear();
    numbers_.clear();
    dropped_ = 0;
    recording_ = true;
    observer_ = at::addGlobalCallback(observer);
  }

  void add(const char* name, const KernelStart& start, const at::RecordFunction& called, int64_t end) {
    const std::lock_guard<std::mutex> lock(mutex_);
    if (!recording_) return;
    if (kernels_.size() == kMostKernels) {
      ++dropped_;
      return;
    }
    kernels_.push_back({numberOf(name), numberOf(start.shapes), called.scope(), called.threadId(), start.at, end});
  }

  struct Recorded {
    std::vector<Kernel> kernels;
    std::vector<std::string> texts;
    size_t dropped;
  };

  Recorded finish() {
    const std::lock_guard<std::mutex> lock(mutex_);
    TORCH_CHECK(recording_, "no profile is being taken");
    at::removeCallback(observer_);
    recording_ = false;
    return {std::exchange(kernels_, {}), std::exchange(texts_, {}), dropped_};
  }

 private:
  uint32_t numberOf(const std::string& text) {
    const auto [entry, isNew] = numbers_.try_emplace(text, static_cast<uint32_t>(texts_.size()));
    if (isNew) texts_.push_back(text);
    return entry->second;
  }

  std::mutex mutex_;
  bool recording_ = false;
  at::CallbackHandle observer_{};
  std::vector<Kernel> kernels_;
  std::vector<std::string> texts_;
  std::unordered_map<std::string, uint32_t> numbers_;
  size_t dropped_ = 0;
};

// "6:8,64" for float32 [8, 64]; see dtype.ts for the numbers.
void describeShape(const at::Tensor& tensor, std::string& text) {
  if (!text.empty()) text += ';';
  if (!tensor.defined()) return;
  text += std::to_string(static_cast<int>(tensor.scalar_type()));
  char separator = ':';
  for (const int64_t size : tensor.sizes()) {
    text += separator;
    text += std::to_string(size);
    separator = ',';
  }
}

void describeShapes(const c10::IValue& input, std::string& text) {
  if (input.isTensor()) return describeShape(input.toTensor(), text);
  if (!input.isTensorList()) return;
  for (const at::Tensor& tensor : input.toTensorVector()) describeShape(tensor, text);
}

std::unique_ptr<at::ObserverContext> kernelStarts(const at::RecordFunction& called) {
  auto start = std::make_unique<KernelStart>();
  for (const c10::IValue& input : called.inputs()) describeShapes(input, start->shapes);
  start->at = nanoseconds();
  return start;
}

void kernelEnds(const at::RecordFunction& called, at::ObserverContext* context) {
  const int64_t end = nanoseconds();
  if (context == nullptr) return;
  KernelLog::instance().add(called.name(), *static_cast<KernelStart*>(context), called, end);
}

// startProfile() → this thread, as records name it.
napi_value startProfile(Arguments& arguments) {
  at::RecordFunctionCallback observer(kernelStarts, kernelEnds);
  observer.needsInputs(true).scopes({at::RecordScope::FUNCTION, at::RecordScope::BACKWARD_FUNCTION, at::RecordScope::USER_SCOPE});
  KernelLog::instance().begin(observer);
  return toNumber(arguments.env(), static_cast<double>(at::RecordFunction::currentThreadId()));
}

napi_value toRecords(napi_env env, const std::vector<Kernel>& kernels) {
  napi_value buffer, records;
  void* memory = nullptr;
  const size_t words = kernels.size() * kWordsPerKernel;
  check(env, napi_create_arraybuffer(env, words * sizeof(double), &memory, &buffer));
  auto* word = static_cast<double*>(memory);
  for (const Kernel& kernel : kernels) {
    *word++ = kernel.name;
    *word++ = kernel.shapes;
    *word++ = static_cast<double>(kernel.scope);
    *word++ = static_cast<double>(kernel.thread);
    *word++ = static_cast<double>(kernel.start);
    *word++ = static_cast<double>(kernel.end);
  }
  check(env, napi_create_typedarray(env, napi_float64_array, words, buffer, 0, &records));
  return records;
}

// stopProfile() → [records, dropped, texts…]; a record is name, shapes (both positions in texts), scope, thread, and
// start and end in nanoseconds of `profileClock`.
napi_value stopProfile(Arguments& arguments) {
  const napi_env env = arguments.env();
  const auto recorded = KernelLog::instance().finish();
  napi_value parts;
  check(env, napi_create_array(env, &parts));
  check(env, napi_set_element(env, parts, 0, toRecords(env, recorded.kernels)));
  check(env, napi_set_element(env, parts, 1, toNumber(env, static_cast<double>(recorded.dropped))));
  uint32_t position = 2;
  for (const auto& text : recorded.texts) check(env, napi_set_element(env, parts, position++, toText(env, text)));
  return parts;
}

napi_value profileClock(Arguments& arguments) { return toNumber(arguments.env(), static_cast<double>(nanoseconds())); }

}  // namespace

void defineProfiler(napi_env env, napi_value exports) {
  define<startProfile>(env, exports, "startProfile");
  define<stopProfile>(env, exports, "stopProfile");
  define<profileClock>(env, exports, "profileClock");
}

}  // namespace laurel
