// laurel::linear: x Wᵀ + b for many rows by oneDNN where libtorch has loaded it, which is faster than OpenBLAS for the
// products with W and lays nothing out anew; the product for ∂W is BLAS's on processors without AVX-512. float32 on the
// CPU, libtorch's own elsewhere.
#include "fused.h"
#include "held-signals.h"
#include "processor.h"

#if defined(__linux__)
#include <dlfcn.h>
#endif

namespace laurel {
namespace {

// Rows below which the libraries' own call is as fast.
constexpr int64_t kLeastRows = 16;

// oneDNN's product of row-major matrices, C = α·op(A)·op(B) + β·C; 0 is success. Its C interface, from version 1 on.
using OneDnnProduct = int (*)(char transposeA, char transposeB, int64_t rows, int64_t columns, int64_t depth,
                              float alpha, const float* a, int64_t aRow, const float* b, int64_t bRow, float beta,
                              float* c, int64_t cRow);

// Of the library that libtorch has loaded already: another copy would bring threads of its own.
OneDnnProduct findOneDnn() {
#if defined(__linux__)
  for (const char* name : {"libdnnl.so.3", "libdnnl.so.2"}) {
    void* const library = dlopen(name, RTLD_NOW | RTLD_NOLOAD);
    void* const found = library == nullptr ? nullptr : dlsym(library, "dnnl_sgemm");
    if (found != nullptr) return reinterpret_cast<OneDnnProduct>(found);
  }
#endif
  return nullptr;
}

OneDnnProduct oneDnn() {
  static const OneDnnProduct product = findOneDnn();
  return product;
}

// A of M rows, or of M columns where turned, times B; both row-major.
struct Factor {
  const at::Tensor& numbers;
  bool turned;
};

at::Tensor multiply(const Factor& a, const Factor& b) {
  const auto sizeOf = [](const Factor& factor, int64_t axis) { return factor.numbers.size(factor.turned ? 1 - axis : axis); };
  const int64_t rows = sizeOf(a, 0), depth = sizeOf(a, 1), columns = sizeOf(b, 1);
  at::Tensor product = at::empty({rows, columns}, a.numbers.options());
  const HeldSignals held;
  const int status = oneDnn()(a.turned ? 'T' : 'N', b.turned ? 'T' : 'N', rows, columns, depth, 1.0f,
                              a.numbers.data_ptr<float>(), a.numbers.size(1), b.numbers.data_ptr<float>(),
                              b.numbers.size(1), 0.0f, product.data_ptr<float>(), columns);
  TORCH_CHECK(status == 0, "oneDNN's product of ", a.numbers.sizes(), " and ", b.numbers.sizes(), " failed with status ",
              status);
  return product;
}

// ∂W = ∂yᵀ x, at which oneDNN is the faster one with AVX-512.
at::Tensor multiplyRows(const at::Tensor& above, const at::Tensor& x) {
  return hasAvx512() ? multiply({above, true}, {x, false}) : at::mm(above.t(), x);
}

at::Tensor flatRows(const at::Tensor& x) { return x.reshape({-1, x.size(-1)}).contiguous(); }

at::Tensor linearForward(const at::Tensor& x, const at::Tensor& weight, const c10::optional<at::Tensor>& bias) {
  at::Tensor product = multiply({flatRows(x), false}, {weight, true});
  if (bias.has_value() && bias->defined()) product.add_(*bias);
  auto shape = x.sizes().vec();
  shape.back() = weight.size(0);
  return product.view(shape);
}

struct LinearFunction : torch::autograd::Function<LinearFunction> {
  static at::Tensor forward(AutogradContext* context, const at::Tensor& x, const at::Tensor& weight,
                            const c10::optional<at::Tensor>& bias) {
    context->save_for_backward({x, weight});
    context->saved_data["input"] = x.requires_grad();
    context->saved_data["weight"] = weight.requires_grad();
    context->saved_data["bias"] = bias.has_value() && bias->defined() && bias->requires_grad();
    return linearForward(x, weight, bias);
  }

  static variable_list backward(AutogradContext* context, variable_list gradients) {
    const auto saved = context->get_saved_variables();
    const at::Tensor &x = saved[0], &weight = saved[1];
    const auto wants = [&](const char* name) { return context->saved_data[name].toBool(); };
    const bool again = isDifferentiatedAgain();
    const at::Tensor above = again ? gradients[0].reshape({-1, weight.size(0)}) : flatRows(gradients[0]);
    variable_list found(3);
    if (wants("input"))
      found[0] = (again ? at::mm(above, weight) : multiply({above, false}, {weight, false})).view(x.sizes());
    if (wants("weight"))
      found[1] = again ? at::mm(above.t(), x.reshape({-1, x.size(-1)})) : multiplyRows(above, flatRows(x));
    if (wants("bias")) found[2] = above.sum(0);
    return found;
  }
};

at::Tensor linear(const at::Tensor& x, const at::Tensor& weight, const c10::optional<at::Tensor>& bias) {
  const bool isPlain = isPlainFloat(x) && isPlainFloat(weight) && x.dim() > 1 && weight.dim() == 2 &&
                       weight.is_contiguous() && x.size(-1) == weight.size(1);
  const bool fits = isPlain && x.size(-1) > 0 && weight.size(0) > 0 && x.numel() >= kLeastRows * x.size(-1) &&
                    (!bias.has_value() || !bias->defined() || isPlainFloat(*bias)) && oneDnn() != nullptr;
  if (!fits) return at::linear(x, weight, bias);
  const at::Tensor maybeBias = bias.value_or(at::Tensor());
  const bool isRecorded = records({x, weight}) || (maybeBias.defined() && records({maybeBias}));
  return isRecorded ? LinearFunction::apply(x, weight, bias) : linearForward(x, weight, bias);
}

const auto linearLibrary = defineOnce("linear", [](torch::Library& library) {
  library.def("linear(Tensor x, Tensor weight, Tensor? bias=None) -> Tensor", linear);
});

}  // namespace
}  // namespace laurel
