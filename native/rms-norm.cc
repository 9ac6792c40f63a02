// laurel::rms_norm: y = x / √(mean(x²) + ε) · g, in one pass; float32 on the CPU, composed elsewhere.
#include "decoder-parts.h"
#include "fused.h"
#include <torch/version.h>

#include <tuple>
#include <vector>

namespace laurel {

LAUREL_KERNELS_BEGIN

LAUREL_KERNEL void normRows(const float* x, const float* weight, float* y, float* scales, int64_t rows, int64_t width,
                            float epsilon) {
  for (int64_t row = 0; row < rows; row++, x += width, y += width) {
    const float scale = 1.0f / std::sqrt(dotOf(x, x, width) / static_cast<float>(width) + epsilon);
    if (scales != nullptr) scales[row] = scale;
    for (int64_t i = 0; i < width; i++) y[i] = x[i] * scale * weight[i];
  }
}

LAUREL_KERNELS_END

namespace {

LAUREL_KERNELS_BEGIN

// ∂x = s (g ⊙ ∂y − x s² mean(x ⊙ g ⊙ ∂y));  ∂g += ∂y ⊙ x s
LAUREL_KERNEL void normRowsBackward(const float* x, const float* weight, const float* scales, const float* dy,
                                    float* dx, float* dWeight, int64_t rows, int64_t width) {
  std::vector<float> weighted(static_cast<size_t>(width));
  float* const w = weighted.data();
  for (int64_t row = 0; row < rows; row++, x += width, dy += width, dx += width) {
    const float scale = scales[row];
    for (int64_t i = 0; i < width; i++) {
      w[i] = dy[i] * weight[i];
      dWeight[i] += dy[i] * x[i] * scale;
    }
    const float along = dotOf(x, w, width) / static_cast<float>(width) * scale * scale;
    for (int64_t i = 0; i < width; i++) dx[i] = scale * (w[i] - x[i] * along);
  }
}

LAUREL_KERNELS_END

at::Tensor composedNorm(const at::Tensor& x, const at::Tensor& weight, double epsilon) {
#if TORCH_VERSION_MAJOR > 2 || (TORCH_VERSION_MAJOR == 2 && TORCH_VERSION_MINOR >= 4)
  if (x.scalar_type() == weight.scalar_type() && (x.scalar_type() == at::kFloat || x.scalar_type() == at::kDouble))
    return at::rms_norm(x, weight.sizes(), weight, epsilon);
#endif
  const at::Tensor wide = x.scalar_type() == at::kDouble ? x : x.to(at::kFloat);
  const at::Tensor scale = (wide.square().mean(-1, true) + epsilon).rsqrt();
  return (wide * scale).to(x.scalar_type()) * weight;
}

std::tuple<at::Tensor, at::Tensor> normForward(const at::Tensor& given, const at::Tensor& weight, double epsilon) {
  const at::Tensor x = given.contiguous();
  const int64_t width = x.size(-1), rows = x.numel() / width;
  at::Tensor y = at::empty_like(x), scales = at::empty({rows}, x.options());
  const float *from = x.data_ptr<float>(), *gains = weight.data_ptr<float>();
  float *to = y.data_ptr<float>(), *found = scales.data_ptr<float>();
  at::parallel_for(0, rows, rowsPerTask(width), [&](int64_t begin, int64_t end) {
    normRows(from + begin * width, gains, to + begin * width, found + begin, end - begin, width,
             static_cast<float>(epsilon));
  });
  return {y, scales};
}

variable_list normBackward(const at::Tensor& given, const at::Tensor& weight, const at::Tensor& scales,
                           const at::Tensor& gradient) {
  const at::Tensor x = given.contiguous(), dy = gradient.contiguous();
  const int64_t width = x.size(-1), rows = x.numel() / width;
  at::Tensor dx = at::empty_like(x);
  // One partial sum per share of the rows, whatever the number of threads: the same bits on any.
  const int64_t shares = std::min<int64_t>(16, std::max<int64_t>(1, rows / rowsPerTask(width)));
  at::Tensor partial = at::zeros({shares, width}, x.options());
  const float *from = x.data_ptr<float>(), *gains = weight.data_ptr<float>(), *found = scales.data_ptr<float>();
  const float* const above = dy.data_ptr<float>();
  float *to = dx.data_ptr<float>(), *sums = partial.data_ptr<float>();
  at::parallel_for(0, shares, 1, [&](int64_t begin, int64_t end) {
    for (int64_t share = begin; share < end; share++) {
      const int64_t first = rows * share / shares, last = rows * (share + 1) / shares;
      normRowsBackward(from + first * width, gains, found + first, above + first * width, to + first * width,
                       sums + share * width, last - first, width);
    }
  });
  return {dx, partial.sum(0), at::Tensor()};
}

struct NormFunction : torch::autograd::Function<NormFunction> {
  static at::Tensor forward(AutogradContext* context, const at::Tensor& x, const at::Tensor& weight, double epsilon) {
    const auto [y, scales] = normForward(x, weight, epsilon);
    context->save_for_backward({x, weight, scales});
    context->saved_data["epsilon"] = epsilon;
    return y;
  }

  static variable_list backward(AutogradContext* context, variable_list gradients) {
    const auto saved = context->get_saved_variables();
    const at::Tensor &x = saved[0], &weight = saved[1], &dy = gradients[0];
    if (!isDifferentiatedAgain()) return normBackward(x, weight, saved[2], dy);
    const at::Tensor scale = (x.square().mean(-1, true) + context->saved_data["epsilon"].toDouble()).rsqrt();
    const at::Tensor weighted = dy * weight;
    const at::Tensor along = (x * weighted).mean(-1, true) * scale.square();
    return {scale * (weighted - x * along), (dy * x * scale).reshape({-1, x.size(-1)}).sum(0), at::Tensor()};
  }
};

at::Tensor rmsNorm(const at::Tensor& x, const at::Tensor& weight, double epsilon) {
  const bool fits = isPlainFloat(x) && isPlainFloat(weight) && weight.dim() == 1 && weight.is_contiguous() &&
                    x.dim() > 0 && x.size(-1) == weight.size(0) && x.numel() > 0;
  if (!fits) return composedNorm(x, weight, epsilon);
  return records({x, weight}) ? NormFunction::apply(x, weight, epsilon) : std::get<0>(normForward(x, weight, epsilon));
}

const auto normLibrary = defineOnce("rms_norm", [](torch::Library& library) {
  library.def("rms_norm(Tensor x, Tensor weight, float eps) -> Tensor", rmsNorm);
});

}  // namespace
}  // namespace laurel
