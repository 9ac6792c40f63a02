// What the machine and this libtorch are, and how many threads to use.
#include <atomic>
#include <ATen/Context.h>
#include <ATen/Parallel.h>
#include <ATen/Version.h>
#include <torch/version.h>

#include "functions.h"
#include "fused.h"
#include "openblas.h"

namespace laurel {
namespace {

LAUREL_KERNELS_BEGIN

// Σ a_i² − b_i, whose last bits tell whether multiplication and addition were one instruction.
LAUREL_KERNEL float squaresLess(const float* a, const float* b, int64_t count) {
  float sum = 0;
  for (int64_t i = 0; i < count; i++) sum += a[i] * a[i] - b[i];
  return sum;
}

LAUREL_KERNELS_END

// Whether the kernels' clone that this processor was given fuses multiplication and addition, as those for AVX2 and
// AVX-512 do: (1 + 2⁻¹²)² = 1 + 2⁻¹¹ + 2⁻²⁴, of which a product rounded to float32 loses the last term.
bool kernelsFuse() {
  volatile float root = 1.0f + 0x1p-12f, square = 1.0f + 0x1p-11f;
  const float a = root, b = square;
  return squaresLess(&a, &b, 1) != 0;
}

constexpr int64_t kMostThreads = 4096;

// Whether somebody has said how many threads the process works with.
std::atomic<bool> areThreadsChosen{false};

int threadCount(Arguments& arguments) {
  const int64_t count = arguments.integer(0);
  TORCH_CHECK(count >= 1 && count <= kMostThreads, "expected 1 to ", kMostThreads, " threads, found ", count);
  return static_cast<int>(count);
}

napi_value setThreads(Arguments& arguments) {
  const int count = threadCount(arguments);
  areThreadsChosen = true;
  at::set_num_threads(count);
  return nullptr;
}

// startThreads(count): as setThreads where nobody has chosen yet, so that a thread or a copy of the library that loads
// later leaves the choice alone.
napi_value startThreads(Arguments& arguments) {
  const int count = threadCount(arguments);
  if (!areThreadsChosen.exchange(true)) at::set_num_threads(count);
  return nullptr;
}

napi_value threads(Arguments& arguments) { return toNumber(arguments.env(), at::get_num_threads()); }

// attach(Float64Array) → the memory that carries arguments and results: this array on the first call, that one
// ever after, so that two copies of the library in one process share it.
napi_value attach(Arguments& arguments) {
  auto& environment = arguments.environment();
  if (environment.wireReference == nullptr) {
    const auto array = arguments.bytes(0);
    TORCH_CHECK(array.type == napi_float64_array, "the wire must be a Float64Array");
    check(arguments.env(), napi_create_reference(arguments.env(), arguments.at(0), 1, &environment.wireReference));
    environment.wire = static_cast<double*>(array.data);
    environment.wireLength = array.length;
  }
  napi_value attached;
  check(arguments.env(), napi_get_reference_value(arguments.env(), environment.wireReference, &attached));
  return attached;
}

void put(napi_env env, napi_value object, const char* name, napi_value value) {
  check(env, napi_set_named_property(env, object, name, value));
}

napi_value describeSystem(Arguments& arguments) {
  const napi_env env = arguments.env();
  napi_value system;
  check(env, napi_create_object(env, &system));
  put(env, system, "torch", toText(env, TORCH_VERSION));
  put(env, system, "build", toText(env, at::show_config()));
  put(env, system, "parallel", toText(env, at::get_parallel_info()));
  put(env, system, "openblasCore", toText(env, describeOpenBlas("openblas_get_corename")));
  put(env, system, "openblasFirstChoice", toText(env, openBlasFirstChoice()));
  put(env, system, "openblasConfig", toText(env, describeOpenBlas("openblas_get_config")));
  put(env, system, "kernelSets", toText(env, LAUREL_KERNEL_SETS));
  put(env, system, "fusedMultiplyAdd", toBoolean(env, kernelsFuse()));
  put(env, system, "cuda", toBoolean(env, at::hasCUDA()));
  put(env, system, "cudaDevices", toNumber(env, at::hasCUDA() ? static_cast<double>(at::getNumGPUs()) : 0));
  return system;
}

}  // namespace

void defineSystem(napi_env env, napi_value exports) {
  define<setThreads>(env, exports, "setThreads");
  define<startThreads>(env, exports, "startThreads");
  define<threads>(env, exports, "threads");
  define<attach>(env, exports, "attach");
  define<describeSystem>(env, exports, "describeSystem");
}

}  // namespace laurel
