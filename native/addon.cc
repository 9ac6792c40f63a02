// The addon: libtorch's dispatcher, autograd and generators, for TypeScript. No algorithm lives here.
#include "functions.h"

namespace {

void destroy(napi_env, void* data, void*) { delete static_cast<laurel::Environment*>(data); }

}  // namespace

NAPI_MODULE_INIT() {
  auto* environment = new laurel::Environment();
  if (napi_set_instance_data(env, environment, destroy, nullptr) != napi_ok) {
    delete environment;
    napi_throw_error(env, nullptr, "could not initialise the addon");
    return nullptr;
  }
  try {
    laurel::defineOperators(env, exports);
    laurel::defineTensors(env, exports);
    laurel::defineBuffers(env, exports);
    laurel::defineAutograd(env, exports);
    laurel::defineGenerators(env, exports);
    laurel::defineSystem(env, exports);
  } catch (const std::exception& error) {
    napi_throw_error(env, nullptr, error.what());
  }
  return exports;
}
