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
  const at::Tensor& tensor = arguments.environment().tensor(arguments.number(0));
  const bool required = arguments.boolean(1);
  TORCH_CHECK(required || tensor.is_leaf(), "only a leaf can stop requiring a gradient; use detach()");
  tensor.set_requires_grad(required);
  return nullptr;
}

// gradOf(handle) → handle of the accumulated gradient, or −1 when there is none.
napi_value gradOf(Arguments& arguments) {
  auto& environment = arguments.environment();
  const at::Tensor gradient = environment.tensor(arguments.number(0)).grad();
  return toNumber(arguments.env(), gradient.defined() ? environment.tensors.insert(gradient) : -1);
}

void requireFits(const at::Tensor& tensor, const at::Tensor& gradient) {
  TORCH_CHECK(!gradient.is_same(tensor), "a tensor cannot be its own gradient");
  TORCH_CHECK(gradient.sizes() == tensor.sizes(), "the gradient has shape ", gradient.sizes(), ", the tensor ", tensor.sizes());
  TORCH_CHECK(gradient.scalar_type() == tensor.scalar_type(), "the gradient is ", gradient.scalar_type(), ", the tensor ", tensor.scalar_type());
  TORCH_CHECK(gradient.device() == tensor.device(), "the gradient is on ", gradient.device(), ", the tensor on ", tensor.device());
}

// setGrad(handle, gradient handle or −1)
napi_value setGrad(Arguments& arguments) {
  auto& environment = arguments.environment();
  const double gradient = arguments.number(1);
  const at::Tensor value = gradient == -1 ? at::Tensor() : environment.tensor(gradient);
  const at::Tensor& tensor = environment.tensor(arguments.number(0));
  if (value.defined()) requireFits(tensor, value);
  tensor.mutable_grad() = value;
  return nullptr;
}

// ∂L/∂output; libtorch would silently sum one of a larger shape.
const at::Tensor& seedAt(Environment& environment, double handle, const at::Tensor& output) {
  const at::Tensor& seed = environment.tensor(handle);
  TORCH_CHECK(seed.sizes() == output.sizes(), "the gradient has shape ", seed.sizes(), ", the output ", output.sizes());
  return seed;
}

// backward(handle, gradient handle or −1, keepGraph)
napi_value backward(Arguments& arguments) {
  auto& environment = arguments.environment();
  const at::Tensor output = environment.tensor(arguments.number(0));
  torch::autograd::variable_list gradients;
  const double gradient = arguments.number(1);
  if (gradient != -1) gradients.push_back(seedAt(environment, gradient, output));
  torch::autograd::backward({output}, gradients, arguments.boolean(2), false);
  return nullptr;
}

// gradients(inputs, seeded, keepGraph, createGraph): on the wire the output's handle, its gradient's when
// seeded, then the inputs' handles; back come the gradients' handles, −1 for an input that was not used.
napi_value gradients(Arguments& arguments) {
  auto& environment = arguments.environment();
  const int64_t count = arguments.integer(0);
  const int64_t first = arguments.boolean(1) ? 2 : 1;
  TORCH_CHECK(count >= 0, "a negative number of inputs");
  double* words = environment.words(first + count);
  torch::autograd::variable_list seeds, inputs;
  const at::Tensor output = environment.tensor(words[0]);
  if (first == 2) seeds.push_back(seedAt(environment, words[1], output));
  for (int64_t i = 0; i < count; ++i) inputs.push_back(environment.tensor(words[first + i]));
  const auto found = torch::autograd::grad({output}, inputs, seeds, arguments.boolean(2), arguments.boolean(3), true);
  for (int64_t i = 0; i < count; ++i) words[i] = found[i].defined() ? environment.tensors.insert(found[i]) : -1;
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
