// What JavaScript asks of a tensor handle besides operators: its description, its value, its release.
#include "functions.h"

namespace laurel {
namespace {

// release(n): drops the n handles on the wire; handles already dropped are ignored.
napi_value release(Arguments& arguments) {
  auto& environment = arguments.environment();
  const auto count = static_cast<size_t>(arguments.integer(0));
  TORCH_CHECK(count <= environment.wireLength, "more handles than the wire holds");
  size_t released = 0;
  for (size_t i = 0; i < count; ++i) released += environment.tensors.erase(environment.wire[i]) ? 1 : 0;
  return toNumber(arguments.env(), static_cast<double>(released));
}

// describe(handle): dtype, device type, device index, rank, bytes, contiguous, requires gradient, is leaf,
// then sizes and strides, on the wire.
napi_value describe(Arguments& arguments) {
  auto& environment = arguments.environment();
  const at::Tensor& tensor = environment.tensor(arguments.number(0));
  double* out = environment.wire;
  *out++ = static_cast<double>(static_cast<int>(tensor.scalar_type()));
  *out++ = static_cast<double>(static_cast<int>(tensor.device().type()));
  *out++ = static_cast<double>(tensor.device().index());
  *out++ = static_cast<double>(tensor.dim());
  *out++ = static_cast<double>(tensor.numel()) * static_cast<double>(tensor.element_size());
  *out++ = tensor.is_contiguous() ? 1 : 0;
  *out++ = tensor.requires_grad() ? 1 : 0;
  *out++ = tensor.is_leaf() ? 1 : 0;
  for (const auto size : tensor.sizes()) *out++ = static_cast<double>(size);
  for (const auto stride : tensor.strides()) *out++ = static_cast<double>(stride);
  return nullptr;
}

napi_value item(Arguments& arguments) {
  const at::Tensor& tensor = arguments.environment().tensor(arguments.number(0));
  TORCH_CHECK(tensor.numel() == 1, "item() needs exactly one element, found shape ", tensor.sizes());
  return toNumber(arguments.env(), tensor.item().toDouble());
}

napi_value deviceName(Arguments& arguments) {
  return toText(arguments.env(), arguments.environment().tensor(arguments.number(0)).device().str());
}

napi_value liveTensors(Arguments& arguments) {
  return toNumber(arguments.env(), static_cast<double>(arguments.environment().tensors.live()));
}

// Another handle to the same tensor, for a scope that must outlive this one.
napi_value share(Arguments& arguments) {
  auto& environment = arguments.environment();
  const at::Tensor tensor = environment.tensor(arguments.number(0));
  return toNumber(arguments.env(), environment.tensors.insert(tensor));
}

}  // namespace

void defineTensors(napi_env env, napi_value exports) {
  define<release>(env, exports, "release");
  define<describe>(env, exports, "describe");
  define<item>(env, exports, "item");
  define<deviceName>(env, exports, "deviceName");
  define<liveTensors>(env, exports, "liveTensors");
  define<share>(env, exports, "share");
}

}  // namespace laurel
