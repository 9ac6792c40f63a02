// Seeded random generators whose state can be saved.
#include <ATen/Context.h>

#include "functions.h"

namespace laurel {
namespace {

// createGenerator(device, seed) → handle
napi_value createGenerator(Arguments& arguments) {
  const c10::Device device(arguments.text(0));
  at::Generator model = at::globalContext().defaultGenerator(device);
  at::Generator generator;
  {
    const std::lock_guard<std::mutex> lock(model.mutex());
    generator = model.clone();
  }
  generator.set_current_seed(static_cast<uint64_t>(arguments.integer(1)));
  return toNumber(arguments.env(), arguments.environment().generators.insert(generator));
}

napi_value releaseGenerator(Arguments& arguments) {
  arguments.environment().generators.erase(arguments.number(0));
  return nullptr;
}

// generatorState(handle) → handle of a byte tensor
napi_value generatorState(Arguments& arguments) {
  auto& environment = arguments.environment();
  const at::Tensor state = environment.generator(arguments.number(0)).get_state();
  return toNumber(arguments.env(), environment.tensors.insert(state));
}

napi_value setGeneratorState(Arguments& arguments) {
  auto& environment = arguments.environment();
  environment.generator(arguments.number(0)).set_state(environment.tensor(arguments.number(1)));
  return nullptr;
}

}  // namespace

void defineGenerators(napi_env env, napi_value exports) {
  define<createGenerator>(env, exports, "createGenerator");
  define<releaseGenerator>(env, exports, "releaseGenerator");
  define<generatorState>(env, exports, "generatorState");
  define<setGeneratorState>(env, exports, "setGeneratorState");
}

}  // namespace laurel
