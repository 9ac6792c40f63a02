// What JavaScript asks of a tensor handle besides operators: its description, its value, its release.
#include "functions.h"

namespace laurel {
namespace {

// Deletes the references to arrays whose tensors have died.
void dropReleased(Arguments& arguments) {
  for (const auto reference : arguments.environment().released->takeAll())
    check(arguments.env(), napi_delete_reference(arguments.env(), reference));
}

// release(n) → how many of the n handles on the wire were alive; all of them are dead now.
napi_value release(Arguments& arguments) {
  auto& environment = arguments.environment();
  const int64_t count = arguments.integer(0);
  const double* handles = environment.words(count);
  int64_t released = 0;
  for (int64_t i = 0; i < count; ++i) released += environment.tensors.erase(handles[i]) ? 1 : 0;
  dropReleased(arguments);
  return toNumber(arguments.env(), static_cast<double>(released));
}

// describe(handle): dtype, device type, device index, rank, bytes, contiguous, requires gradient, is leaf,
// then sizes and, where the layout has them, strides, on the wire.
napi_value describe(Arguments& arguments) {
  auto& environment = arguments.environment();
  const at::Tensor& tensor = environment.tensor(arguments.number(0));
  const bool strided = tensor.layout() == at::kStrided;
  double* out = environment.words(8 + 2 * tensor.dim());
  *out++ = static_cast<double>(static_cast<int>(tensor.scalar_type()));
  *out++ = static_cast<double>(static_cast<int>(tensor.device().type()));
  *out++ = static_cast<double>(tensor.device().index());
  *out++ = static_cast<double>(tensor.dim());
  *out++ = static_cast<double>(tensor.numel()) * static_cast<double>(tensor.element_size());
  *out++ = strided && tensor.is_contiguous() ? 1 : 0;
  *out++ = tensor.requires_grad() ? 1 : 0;
  *out++ = tensor.is_leaf() ? 1 : 0;
  for (const auto size : tensor.sizes()) *out++ = static_cast<double>(size);
  for (int64_t axis = 0; axis < tensor.dim(); ++axis) *out++ = strided ? static_cast<double>(tensor.strides()[axis]) : 0;
  return nullptr;
}

// Bytes that die with the tensor: its elements, but no more than its storage (an expanded tensor's are few).
int64_t weightOf(const at::Tensor& tensor) {
  if (tensor.layout() != at::kStrided || !tensor.has_storage() || !tensor.device().is_cpu()) return 0;
  const double elements = static_cast<double>(tensor.numel()) * static_cast<double>(tensor.element_size());
  const auto stored = static_cast<int64_t>(tensor.storage().nbytes());
  return elements < static_cast<double>(stored) ? static_cast<int64_t>(elements) : stored;
}

// weigh(handle) → the bytes that V8 is told hang on a wrapper; 0 for a tensor that is gone.
napi_value weigh(Arguments& arguments) {
  const at::Tensor* tensor = arguments.environment().tensors.find(arguments.number(0));
  const int64_t bytes = tensor == nullptr ? 0 : weightOf(*tensor);
  int64_t total = 0;
  if (bytes > 0) check(arguments.env(), napi_adjust_external_memory(arguments.env(), bytes, &total));
  return toNumber(arguments.env(), static_cast<double>(bytes));
}

// adjustMemory(bytes): takes back, with a negative number, what `weigh` told V8.
napi_value adjustMemory(Arguments& arguments) {
  int64_t total = 0;
  check(arguments.env(), napi_adjust_external_memory(arguments.env(), arguments.integer(0), &total));
  return toNumber(arguments.env(), static_cast<double>(total));
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

}  // namespace

void defineTensors(napi_env env, napi_value exports) {
  define<release>(env, exports, "release");
  define<describe>(env, exports, "describe");
  define<weigh>(env, exports, "weigh");
  define<adjustMemory>(env, exports, "adjustMemory");
  define<item>(env, exports, "item");
  define<deviceName>(env, exports, "deviceName");
  define<liveTensors>(env, exports, "liveTensors");
}

}  // namespace laurel
