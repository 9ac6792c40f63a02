// What the machine and this libtorch are, and how many threads to use.
#include <ATen/Context.h>
#include <ATen/Parallel.h>
#include <ATen/Version.h>
#include <dlfcn.h>
#include <torch/version.h>

#include "functions.h"

namespace laurel {
namespace {

std::string fromOpenBlas(const char* symbol) {
  using Describe = const char* (*)();
  const auto describe = reinterpret_cast<Describe>(dlsym(RTLD_DEFAULT, symbol));
  return describe == nullptr ? "" : describe();
}

napi_value setThreads(Arguments& arguments) {
  at::set_num_threads(static_cast<int>(arguments.integer(0)));
  return nullptr;
}

napi_value threads(Arguments& arguments) { return toNumber(arguments.env(), at::get_num_threads()); }

napi_value adjustMemory(Arguments& arguments) {
  int64_t total = 0;
  check(arguments.env(), napi_adjust_external_memory(arguments.env(), arguments.integer(0), &total));
  return toNumber(arguments.env(), static_cast<double>(total));
}

// attach(Float64Array): the memory that carries arguments and results.
napi_value attach(Arguments& arguments) {
  auto& environment = arguments.environment();
  napi_typedarray_type type;
  size_t length = 0;
  void* data = nullptr;
  check(arguments.env(), napi_get_typedarray_info(arguments.env(), arguments.at(0), &type, &length, &data, nullptr, nullptr));
  TORCH_CHECK(type == napi_float64_array, "the wire must be a Float64Array");
  if (environment.wireReference != nullptr) check(arguments.env(), napi_delete_reference(arguments.env(), environment.wireReference));
  check(arguments.env(), napi_create_reference(arguments.env(), arguments.at(0), 1, &environment.wireReference));
  environment.wire = static_cast<double*>(data);
  environment.wireLength = length;
  return nullptr;
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
  put(env, system, "openblasCore", toText(env, fromOpenBlas("openblas_get_corename")));
  put(env, system, "openblasConfig", toText(env, fromOpenBlas("openblas_get_config")));
  put(env, system, "cuda", toBoolean(env, at::hasCUDA()));
  put(env, system, "cudaDevices", toNumber(env, at::hasCUDA() ? static_cast<double>(at::getNumGPUs()) : 0));
  return system;
}

}  // namespace

void defineSystem(napi_env env, napi_value exports) {
  define<setThreads>(env, exports, "setThreads");
  define<threads>(env, exports, "threads");
  define<adjustMemory>(env, exports, "adjustMemory");
  define<attach>(env, exports, "attach");
  define<describeSystem>(env, exports, "describeSystem");
}

}  // namespace laurel
