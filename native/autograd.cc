// Gradients: what the dispatcher does not reach.
#include <torch/csrc/autograd/autograd.h>
#include <torch/csrc/autograd/variable.h>

#include "functions.h"

namespace laurel {
namespace {

napi_value gradMode(Arguments& arguments) {
  const bool before = at::GradMode::is_enabled();
  at::GradMode::set_enabled(arguments.boolean(0));
  return toBoolean(arguments.env(), before);
}

napi_value setRequiresGrad(Arguments& arguments) {
  arguments.environment().tensor(arguments.number(0)).set_requires_grad(arguments.boolean(1));
  return nullptr;
}

// gradOf(handle) → handle of the accumulated gradient, or −1 when there is none.
napi_value gradOf(Arguments& arguments) {
  auto& environment = arguments.environment();
  const at::Tensor gradient = environment.tensor(arguments.number(0)).grad();
  return toNumber(arguments.env(), gradient.defined() ? environment.tensors.insert(gradient) : -1);
}

// setGrad(handle, gradient handle or −1)
napi_value setGrad(Arguments& arguments) {
  auto& environment = arguments.environment();
  const double gradient = arguments.number(1);
  const at::Tensor value = gradient < 0 ? at::Tensor() : environment.tensor(gradient);
  environment.tensor(arguments.number(0)).mutable_grad() = value;
  return nullptr;
}

// backward(handle, gradient handle or −1, keepGraph)
napi_value backward(Arguments& arguments) {
  auto& environment = arguments.environment();
  const at::Tensor output = environment.tensor(arguments.number(0));
  torch::autograd::variable_list gradients;
  const double gradient = arguments.number(1);
  if (gradient >= 0) gradients.push_back(environment.tensor(gradient));
  torch::autograd::backward({output}, gradients, arguments.boolean(2), false);
  return nullptr;
}

// gradients(inputs, seeded, keepGraph, createGraph): on the wire the output's handle, its gradient's when
// seeded, then the inputs' handles; back come the gradients' handles, −1 for an input that was not used.
napi_value gradients(Arguments& arguments) {
  auto& environment = arguments.environment();
  const auto count = static_cast<size_t>(arguments.integer(0));
  const size_t first = arguments.boolean(1) ? 2 : 1;
  TORCH_CHECK(first + count <= environment.wireLength, "more inputs than the wire holds");
  torch::autograd::variable_list seeds, inputs;
  if (first == 2) seeds.push_back(environment.tensor(environment.wire[1]));
  for (size_t i = 0; i < count; ++i) inputs.push_back(environment.tensor(environment.wire[first + i]));
  const auto found = torch::autograd::grad({environment.tensor(environment.wire[0])}, inputs, seeds, arguments.boolean(2), arguments.boolean(3), true);
  for (size_t i = 0; i < count; ++i) environment.wire[i] = found[i].defined() ? environment.tensors.insert(found[i]) : -1;
  return nullptr;
}

}  // namespace

void defineAutograd(napi_env env, napi_value exports) {
  define<gradMode>(env, exports, "gradMode");
  define<setRequiresGrad>(env, exports, "setRequiresGrad");
  define<gradOf>(env, exports, "gradOf");
  define<setGrad>(env, exports, "setGrad");
  define<backward>(env, exports, "backward");
  define<gradients>(env, exports, "gradients");
}

}  // namespace laurel
