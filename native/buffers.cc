// Between typed arrays and tensors, by copy or by sharing memory.
#include "functions.h"

namespace laurel {
namespace {

struct View {
  void* data;
  size_t bytes;
};

View viewOf(napi_env env, napi_value value) {
  bool isTypedArray = false;
  check(env, napi_is_typedarray(env, value, &isTypedArray));
  TORCH_CHECK(isTypedArray, "expected a typed array");
  napi_typedarray_type type;
  size_t length;
  void* data;
  check(env, napi_get_typedarray_info(env, value, &type, &length, &data, nullptr, nullptr));
  static const size_t widths[] = {1, 1, 1, 2, 2, 4, 4, 4, 8, 8, 8};
  TORCH_CHECK(static_cast<size_t>(type) < sizeof(widths) / sizeof(widths[0]), "unsupported typed array");
  return {data, length * widths[type]};
}

std::vector<int64_t> shapeOnWire(Environment& environment, int64_t rank) {
  TORCH_CHECK(rank >= 0 && static_cast<size_t>(rank) <= environment.wireLength, "bad rank ", rank);
  std::vector<int64_t> shape;
  for (int64_t i = 0; i < rank; ++i) {
    TORCH_CHECK(environment.wire[i] >= 0, "negative size ", environment.wire[i]);
    shape.push_back(static_cast<int64_t>(environment.wire[i]));
  }
  return shape;
}

void requireBytes(const std::vector<int64_t>& shape, at::ScalarType dtype, size_t found) {
  double elements = 1;
  for (const auto size : shape) elements *= static_cast<double>(size);
  const double expected = elements * static_cast<double>(c10::elementSize(dtype));
  TORCH_CHECK(expected == static_cast<double>(found), "shape ", at::IntArrayRef(shape), " of ", c10::toString(dtype), " needs ", expected, " bytes, found ", found);
}

at::ScalarType dtypeAt(Arguments& arguments, size_t index) {
  const int64_t code = arguments.integer(index);
  TORCH_CHECK(code >= 0 && code < static_cast<int64_t>(at::ScalarType::Undefined), "unknown dtype code ", code);
  return static_cast<at::ScalarType>(code);
}

// fromArray(typed array, dtype, rank) → handle; the shape is on the wire, the bytes are copied.
napi_value fromArray(Arguments& arguments) {
  auto& environment = arguments.environment();
  const auto view = viewOf(arguments.env(), arguments.at(0));
  const auto dtype = dtypeAt(arguments, 1);
  const auto shape = shapeOnWire(environment, arguments.integer(2));
  requireBytes(shape, dtype, view.bytes);
  const at::Tensor tensor = at::empty(shape, at::TensorOptions().dtype(dtype));
  if (view.bytes > 0) std::memcpy(tensor.data_ptr(), view.data, view.bytes);
  return toNumber(arguments.env(), environment.tensors.insert(tensor));
}

// shareArray(typed array, dtype, rank) → handle on the array's own memory, which is kept alive with it.
napi_value shareArray(Arguments& arguments) {
  auto& environment = arguments.environment();
  const auto view = viewOf(arguments.env(), arguments.at(0));
  const auto dtype = dtypeAt(arguments, 1);
  const auto shape = shapeOnWire(environment, arguments.integer(2));
  requireBytes(shape, dtype, view.bytes);
  TORCH_CHECK(reinterpret_cast<uintptr_t>(view.data) % c10::elementSize(dtype) == 0, "the array is not aligned to its element size");
  napi_ref reference;
  check(arguments.env(), napi_create_reference(arguments.env(), arguments.at(0), 1, &reference));
  const auto queue = environment.released;
  const auto dropReference = [queue, reference](void*) {
    const std::lock_guard<std::mutex> lock(queue->mutex);
    queue->references.push_back(reference);
  };
  const at::Tensor tensor = at::from_blob(view.data, shape, dropReference, at::TensorOptions().dtype(dtype));
  return toNumber(arguments.env(), environment.tensors.insert(tensor));
}

// Deletes the references to arrays whose tensors have died since the last call.
napi_value collect(Arguments& arguments) {
  auto& queue = *arguments.environment().released;
  std::vector<napi_ref> dead;
  {
    const std::lock_guard<std::mutex> lock(queue.mutex);
    dead.swap(queue.references);
  }
  for (const auto reference : dead) check(arguments.env(), napi_delete_reference(arguments.env(), reference));
  return toNumber(arguments.env(), static_cast<double>(dead.size()));
}

// copyTo(handle, typed array): the tensor's elements in row-major order, on the CPU.
napi_value copyTo(Arguments& arguments) {
  const at::Tensor tensor = arguments.environment().tensor(arguments.number(0)).detach().cpu().contiguous();
  const auto view = viewOf(arguments.env(), arguments.at(1));
  TORCH_CHECK(tensor.nbytes() == view.bytes, "the tensor holds ", tensor.nbytes(), " bytes, the array ", view.bytes);
  if (view.bytes > 0) std::memcpy(view.data, tensor.data_ptr(), view.bytes);
  return nullptr;
}

// memoryOf(handle) → ArrayBuffer on the tensor's own memory; the buffer keeps that memory alive.
napi_value memoryOf(Arguments& arguments) {
  const at::Tensor& tensor = arguments.environment().tensor(arguments.number(0));
  TORCH_CHECK(tensor.device().is_cpu() && tensor.is_contiguous(), "only a contiguous CPU tensor can share its memory");
  const auto drop = [](napi_env, void*, void* hint) { delete static_cast<at::Tensor*>(hint); };
  auto* kept = new at::Tensor(tensor.detach());
  napi_value buffer;
  const auto status = napi_create_external_arraybuffer(arguments.env(), tensor.data_ptr(), tensor.nbytes(), drop, kept, &buffer);
  if (status != napi_ok) delete kept;
  check(arguments.env(), status);
  return buffer;
}

}  // namespace

void defineBuffers(napi_env env, napi_value exports) {
  define<fromArray>(env, exports, "fromArray");
  define<shareArray>(env, exports, "shareArray");
  define<collect>(env, exports, "collect");
  define<copyTo>(env, exports, "copyTo");
  define<memoryOf>(env, exports, "memoryOf");
}

}  // namespace laurel
