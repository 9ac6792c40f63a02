// Between typed arrays and tensors, by copy or by sharing memory.
#include <cmath>
#include <cstring>

#include "functions.h"

namespace laurel {
namespace {

// The sizes on the wire.
std::vector<int64_t> shapeOnWire(Environment& environment, int64_t rank) {
  const double* sizes = environment.words(rank);
  std::vector<int64_t> shape;
  for (int64_t i = 0; i < rank; ++i) {
    TORCH_CHECK(sizes[i] >= 0 && sizes[i] <= 9007199254740992.0 && std::trunc(sizes[i]) == sizes[i], "a size is a whole number, found ", sizes[i]);
    shape.push_back(static_cast<int64_t>(sizes[i]));
  }
  return shape;
}

void requireBytes(const std::vector<int64_t>& shape, at::ScalarType dtype, size_t found) {
  double expected = static_cast<double>(c10::elementSize(dtype));
  for (const auto size : shape) expected *= static_cast<double>(size);
  TORCH_CHECK(expected == static_cast<double>(found), "shape ", at::IntArrayRef(shape), " of ", c10::toString(dtype), " needs ", expected, " bytes, found ", found);
}

at::ScalarType dtypeAt(Arguments& arguments, size_t index) {
  const int64_t code = arguments.integer(index);
  TORCH_CHECK(code >= 0 && code < static_cast<int64_t>(at::ScalarType::Undefined), "unknown dtype code ", code);
  const auto dtype = static_cast<at::ScalarType>(code);
  TORCH_CHECK(!c10::isQIntType(dtype), "a quantized tensor cannot be made of bytes");
  return dtype;
}

// fromArray(typed array, dtype, rank) → handle; the shape is on the wire, the bytes are copied.
napi_value fromArray(Arguments& arguments) {
  auto& environment = arguments.environment();
  const auto array = arguments.bytes(0);
  const auto dtype = dtypeAt(arguments, 1);
  const auto shape = shapeOnWire(environment, arguments.integer(2));
  requireBytes(shape, dtype, array.bytes);
  const at::Tensor tensor = at::empty(shape, at::TensorOptions().dtype(dtype));
  if (array.bytes > 0) std::memcpy(tensor.data_ptr(), array.data, array.bytes);
  return toNumber(arguments.env(), environment.tensors.insert(tensor));
}

// Keeps an array alive; dropped on any thread, it queues the reference for the JavaScript thread.
class ArrayOwner {
 public:
  ArrayOwner(napi_env env, napi_value array, std::shared_ptr<ReleaseQueue> queue) : queue_(std::move(queue)) {
    check(env, napi_create_reference(env, array, 1, &reference_));
  }
  ArrayOwner(const ArrayOwner&) = delete;
  ArrayOwner& operator=(const ArrayOwner&) = delete;
  ~ArrayOwner() { queue_->push(reference_); }

 private:
  std::shared_ptr<ReleaseQueue> queue_;
  napi_ref reference_ = nullptr;
};

// shareArray(typed array, dtype, rank) → handle on the array's own memory, which is kept alive with it.
napi_value shareArray(Arguments& arguments) {
  auto& environment = arguments.environment();
  const auto array = arguments.bytes(0);
  const auto dtype = dtypeAt(arguments, 1);
  const auto shape = shapeOnWire(environment, arguments.integer(2));
  requireBytes(shape, dtype, array.bytes);
  TORCH_CHECK(reinterpret_cast<uintptr_t>(array.data) % c10::elementSize(dtype) == 0, "the array is not aligned to its element size");
  auto owner = std::make_shared<ArrayOwner>(arguments.env(), arguments.at(0), environment.released);
  const auto drop = [owner](void*) mutable { owner.reset(); };
  const at::Tensor tensor = at::from_blob(array.data, shape, drop, at::TensorOptions().dtype(dtype));
  return toNumber(arguments.env(), environment.tensors.insert(tensor));
}

// Some tensors only stand for others: conjugates, negatives, zeros without memory.
bool hasOwnMemory(const at::Tensor& tensor) {
  return tensor.layout() == at::kStrided && !tensor.is_conj() && !tensor.is_neg() && !tensor._is_zerotensor();
}

// copyTo(handle, typed array): the tensor's elements in row-major order, on the CPU.
napi_value copyTo(Arguments& arguments) {
  at::Tensor tensor = arguments.environment().tensor(arguments.number(0)).detach();
  if (!hasOwnMemory(tensor)) tensor = tensor.clone().resolve_conj().resolve_neg();
  tensor = tensor.cpu().contiguous();
  const auto array = arguments.bytes(1);
  TORCH_CHECK(tensor.nbytes() == array.bytes, "the tensor holds ", tensor.nbytes(), " bytes, the array ", array.bytes);
  if (array.bytes == 0) return nullptr;
  TORCH_CHECK(tensor.data_ptr() != nullptr, "the tensor has no memory");
  std::memcpy(array.data, tensor.data_ptr(), array.bytes);
  return nullptr;
}

// memoryOf(handle) → ArrayBuffer on the tensor's own memory; the buffer keeps that memory alive.
napi_value memoryOf(Arguments& arguments) {
  const at::Tensor& tensor = arguments.environment().tensor(arguments.number(0));
  TORCH_CHECK(tensor.device().is_cpu() && hasOwnMemory(tensor) && tensor.is_contiguous(), "only a contiguous CPU tensor can share its memory");
  napi_value buffer;
  if (tensor.nbytes() == 0) {
    check(arguments.env(), napi_create_arraybuffer(arguments.env(), 0, nullptr, &buffer));
    return buffer;
  }
  const auto drop = [](napi_env, void*, void* kept) { delete static_cast<at::Tensor*>(kept); };
  auto kept = std::make_unique<at::Tensor>(tensor.detach());
  check(arguments.env(), napi_create_external_arraybuffer(arguments.env(), tensor.data_ptr(), tensor.nbytes(), drop, kept.get(), &buffer));
  (void)kept.release();
  return buffer;
}

}  // namespace

void defineBuffers(napi_env env, napi_value exports) {
  define<fromArray>(env, exports, "fromArray");
  define<shareArray>(env, exports, "shareArray");
  define<copyTo>(env, exports, "copyTo");
  define<memoryOf>(env, exports, "memoryOf");
}

}  // namespace laurel
