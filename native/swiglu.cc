// laurel::swiglu: y = silu(gate) ⊙ up, of both side by side; float32 on the CPU, composed elsewhere.
#include "decoder-parts.h"
#include "fused.h"

namespace laurel {

LAUREL_KERNELS_BEGIN

LAUREL_KERNEL void gateRows(const float* both, float* y, int64_t rows, int64_t width, const Range& columns) {
  for (int64_t row = 0; row < rows; row++, both += 2 * width, y += width)
    for (int64_t i = columns.begin; i < columns.end; i++)
      y[i] = both[i] / (1.0f + exponential(-both[i])) * both[width + i];
}

LAUREL_KERNELS_END

namespace {

LAUREL_KERNELS_BEGIN

LAUREL_KERNEL void gateRowsBackward(const float* both, const float* dy, float* dBoth, int64_t rows, int64_t width) {
  for (int64_t row = 0; row < rows; row++, both += 2 * width, dBoth += 2 * width, dy += width) {
    for (int64_t i = 0; i < width; i++) {
      const float gate = both[i], sigmoid = 1.0f / (1.0f + exponential(-gate));
      dBoth[i] = dy[i] * both[width + i] * sigmoid * (1.0f + gate * (1.0f - sigmoid));
      dBoth[width + i] = dy[i] * gate * sigmoid;
    }
  }
}

LAUREL_KERNELS_END

at::Tensor gateForward(const at::Tensor& given) {
  const at::Tensor both = given.contiguous();
  const int64_t width = both.size(-1) / 2, rows = both.numel() / (2 * width);
  auto shape = both.sizes().vec();
  shape.back() = width;
  at::Tensor y = at::empty(shape, both.options());
  const float* const from = both.data_ptr<float>();
  float* const to = y.data_ptr<float>();
  at::parallel_for(0, rows, rowsPerTask(width), [&](int64_t begin, int64_t end) {
    gateRows(from + begin * 2 * width, to + begin * width, end - begin, width, {0, width});
  });
  return y;
}

at::Tensor gateBackward(const at::Tensor& given, const at::Tensor& gradient) {
  const at::Tensor both = given.contiguous(), dy = gradient.contiguous();
  const int64_t width = both.size(-1) / 2, rows = both.numel() / (2 * width);
  at::Tensor dBoth = at::empty_like(both);
  const float *from = both.data_ptr<float>(), *above = dy.data_ptr<float>();
  float* const to = dBoth.data_ptr<float>();
  at::parallel_for(0, rows, rowsPerTask(width), [&](int64_t begin, int64_t end) {
    gateRowsBackward(from + begin * 2 * width, above + begin * width, to + begin * 2 * width, end - begin, width);
  });
  return dBoth;
}

struct GateFunction : torch::autograd::Function<GateFunction> {
  static at::Tensor forward(AutogradContext* context, const at::Tensor& both) {
    context->save_for_backward({both});
    return gateForward(both);
  }

  static variable_list backward(AutogradContext* context, variable_list gradients) {
    const at::Tensor both = context->get_saved_variables()[0], dy = gradients[0];
    if (!isDifferentiatedAgain()) return {gateBackward(both, dy)};
    const auto parts = both.chunk(2, -1);
    const at::Tensor sigmoid = parts[0].sigmoid();
    const at::Tensor slope = sigmoid * (1 + parts[0] * (1 - sigmoid));
    return {at::cat({dy * parts[1] * slope, dy * parts[0] * sigmoid}, -1)};
  }
};

at::Tensor swiglu(const at::Tensor& both) {
  TORCH_CHECK(both.dim() > 0 && both.size(-1) % 2 == 0, "expected an even last axis, found shape ", both.sizes());
  if (!isPlainFloat(both) || both.numel() == 0) {
    const auto parts = both.chunk(2, -1);
    return at::silu(parts[0]) * parts[1];
  }
  return records({both}) ? GateFunction::apply(both) : gateForward(both);
}

const auto gateLibrary = defineOnce("swiglu", [](torch::Library& library) {
  library.def("swiglu(Tensor gate_up) -> Tensor", swiglu);
});

}  // namespace
}  // namespace laurel
