// The addon: libtorch's dispatcher, autograd and generators, for TypeScript. No algorithm lives here.
#include <c10/util/Logging.h>
#include <dlfcn.h>

#include <mutex>

#include "functions.h"
#include "openblas.h"

namespace {

void destroy(napi_env, void* data, void*) { delete static_cast<laurel::Environment*>(data); }

// libtorch's threads and thread-local state outlive the last worker that loaded the addon, so it stays loaded.
void stayLoaded() {
  Dl_info self;
  if (dladdr(reinterpret_cast<void*>(&destroy), &self) != 0) dlopen(self.dli_fname, RTLD_LAZY | RTLD_NOLOAD | RTLD_NODELETE);
}

// Nobody reads the C++ stack of an error, and collecting it takes milliseconds.
void skipBacktraces() {
  static std::once_flag once;
  std::call_once(once, [] { c10::SetStackTraceFetcher([]() -> std::string { return ""; }); });
}

}  // namespace

NAPI_MODULE_INIT() {
  auto environment = std::make_unique<laurel::Environment>();
  if (napi_set_instance_data(env, environment.get(), destroy, nullptr) != napi_ok) {
    napi_throw_error(env, nullptr, "could not initialise the addon");
    return nullptr;
  }
  (void)environment.release();
  try {
    stayLoaded();
    skipBacktraces();
    laurel::openBlasFirstChoice();
    laurel::defineOperators(env, exports);
    laurel::defineTensors(env, exports);
    laurel::defineBuffers(env, exports);
    laurel::defineAutograd(env, exports);
    laurel::defineGenerators(env, exports);
    laurel::defineSystem(env, exports);
    laurel::defineProfiler(env, exports);
    laurel::defineMemory(env, exports);
  } catch (const std::exception& error) {
    napi_throw_error(env, nullptr, error.what());
  }
  return exports;
}
