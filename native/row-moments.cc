// Arithmetic of gradients that are sums of outer products s_nk x_n, each in row r_nk of a matrix, where most rows have none:
//   laurel::row_adam_products   x_n · Adam's step for s_nk x_n alone, from the row's moments, which stay as they are
//   laurel::add_outer_rows_     sums[r_nk] += s_nk x_n
//   laurel::mix_row_moments_    m ← β₁ m + (1 − β₁) g, v ← β₂ v + (1 − β₂) g², g = sums / count, in rows with a count; sums ← 0
// Float32 on the CPU; composed elsewhere, some rows of x at a time, since [N, K, C] would not fit.
#include "fused.h"

namespace laurel {
namespace {

// Numbers of [n, K, C] that the composed forms hold at one time.
constexpr int64_t kComposedNumbers = 1 << 22;

// m̂ = (β₁ m + (1 − β₁) g) / c₁,  v̂ = (β₂ v + (1 − β₂) g²) / c₂
struct Moments {
  float beta1, rest1, beta2, rest2, inverse1, inverse2, epsilon;
};

LAUREL_KERNELS_BEGIN

// Σ_c x_c m̂_c / (√v̂_c + ε) for the gradient g = s x.
LAUREL_INLINE float adamProduct(const float* x, float scale, const float* first, const float* second, int64_t width,
                                const Moments& by) {
  Lanes sums = {};
  float terms[kLanes];
  int64_t c = 0;
  for (; c + kLanes <= width; c += kLanes) {
    for (int64_t lane = 0; lane < kLanes; lane++) {
      const float g = scale * x[c + lane];
      const float m = (by.beta1 * first[c + lane] + by.rest1 * g) * by.inverse1;
      const float v = (by.beta2 * second[c + lane] + by.rest2 * g * g) * by.inverse2;
      terms[lane] = x[c + lane] * m / (std::sqrt(v) + by.epsilon);
    }
    sums += lanesAt(terms);
  }
  float sum = sumOf(sums);
  for (; c < width; c++) {
    const float g = scale * x[c];
    const float m = (by.beta1 * first[c] + by.rest1 * g) * by.inverse1;
    const float v = (by.beta2 * second[c] + by.rest2 * g * g) * by.inverse2;
    sum += x[c] * m / (std::sqrt(v) + by.epsilon);
  }
  return sum;
}

LAUREL_KERNEL void adamProducts(const float* x, const float* scale, const int64_t* rows, const float* first,
                                const float* second, float* products, int64_t count, int64_t each, int64_t width,
                                const Moments& by) {
  for (int64_t n = 0; n < count; n++, x += width)
    for (int64_t k = 0; k < each; k++, scale++, rows++, products++)
      *products = adamProduct(x, *scale, first + *rows * width, second + *rows * width, width, by);
}

// Columns begin … end of every sum.
LAUREL_KERNEL void addOuter(float* sums, const float* x, const float* scale, const int64_t* rows, int64_t count,
                            int64_t each, int64_t width, int64_t begin, int64_t end) {
  for (int64_t n = 0; n < count; n++, x += width)
    for (int64_t k = 0; k < each; k++, scale++, rows++) {
      if (*scale == 0.0f) continue;
      float* const sum = sums + *rows * width;
      for (int64_t c = begin; c < end; c++) sum[c] += *scale * x[c];
    }
}

// One row's moments take its mean gradient in; its sum is cleared.
LAUREL_KERNEL void mixRow(float* first, float* second, float* sums, float inverseCount, int64_t width, const Moments& by) {
  for (int64_t c = 0; c < width; c++) {
    const float g = sums[c] * inverseCount;
    first[c] = by.beta1 * first[c] + by.rest1 * g;
    second[c] = by.beta2 * second[c] + by.rest2 * g * g;
    sums[c] = 0.0f;
  }
}

LAUREL_KERNELS_END

void checkOuter(const at::Tensor& x, const at::Tensor& scale, const at::Tensor& rows, const at::Tensor& matrix) {
  TORCH_CHECK(x.dim() == 2 && scale.dim() == 2 && scale.size(0) == x.size(0), "expected x [N, C] and scale [N, K], found ",
              x.sizes(), " and ", scale.sizes());
  TORCH_CHECK(rows.scalar_type() == at::kLong && rows.sizes() == scale.sizes(), "expected rows int64 ", scale.sizes(),
              ", found ", rows.scalar_type(), rows.sizes());
  TORCH_CHECK(matrix.dim() == 2 && matrix.size(1) == x.size(1), "expected a matrix [R, ", x.size(1), "], found ",
              matrix.sizes());
  if (rows.numel() == 0) return;
  const int64_t least = rows.min().item<int64_t>(), most = rows.max().item<int64_t>();
  TORCH_CHECK(least >= 0 && most < matrix.size(0), "expected rows in 0 … ", matrix.size(0) - 1, ", found ", least, " … ",
              most);
}

at::Tensor composedAdamProducts(const at::Tensor& x, const at::Tensor& scale, const at::Tensor& rows,
                                const at::Tensor& first, const at::Tensor& second, double beta1, double beta2,
                                double correction1, double correction2, double eps) {
  const int64_t together = std::max<int64_t>(1, kComposedNumbers / std::max<int64_t>(1, scale.size(1) * x.size(1)));
  std::vector<at::Tensor> parts;
  for (int64_t n = 0; n < x.size(0); n += together) {
    const int64_t length = std::min(together, x.size(0) - n);
    const at::Tensor state = x.narrow(0, n, length).unsqueeze(1), at = rows.narrow(0, n, length);
    const at::Tensor g = scale.narrow(0, n, length).unsqueeze(-1) * state;
    const at::Tensor m = (at::embedding(first, at) * beta1 + g * (1 - beta1)) / correction1;
    const at::Tensor v = (at::embedding(second, at) * beta2 + g.square() * (1 - beta2)) / correction2;
    parts.push_back((state * m / (v.sqrt() + eps)).sum(-1));
  }
  return parts.empty() ? at::zeros_like(scale) : at::cat(parts);
}

at::Tensor rowAdamProducts(const at::Tensor& x, const at::Tensor& scale, const at::Tensor& rows,
                           const at::Tensor& first, const at::Tensor& second, double beta1, double beta2,
                           double correction1, double correction2, double eps) {
  checkOuter(x, scale, rows, first);
  TORCH_CHECK(second.sizes() == first.sizes(), "expected second moments ", first.sizes(), ", found ", second.sizes());
  const at::NoGradGuard withoutGradient;
  if (!isPlainFloat(x) || !isPlainFloat(scale) || !isPlainFloat(first) || !isPlainFloat(second))
    return composedAdamProducts(x, scale, rows, first, second, beta1, beta2, correction1, correction2, eps);
  const auto number = [](double value) { return static_cast<float>(value); };
  const Moments by = {number(beta1),           number(1 - beta1),       number(beta2), number(1 - beta2),
                      number(1 / correction1), number(1 / correction2), number(eps)};
  const at::Tensor states = x.contiguous(), scales = scale.contiguous(), at = rows.contiguous();
  const at::Tensor firsts = first.contiguous(), seconds = second.contiguous();
  at::Tensor products = at::empty_like(scales);
  const int64_t each = scales.size(1), width = states.size(1);
  const float *from = states.data_ptr<float>(), *weight = scales.data_ptr<float>();
  const float *m = firsts.data_ptr<float>(), *v = seconds.data_ptr<float>();
  const int64_t* const row = at.data_ptr<int64_t>();
  float* const to = products.data_ptr<float>();
  at::parallel_for(0, states.size(0), rowsPerTask(each * width), [&](int64_t begin, int64_t end) {
    adamProducts(from + begin * width, weight + begin * each, row + begin * each, m, v, to + begin * each, end - begin, each,
                 width, by);
  });
  return products;
}

void addOuterRows(const at::Tensor& sums, const at::Tensor& x, const at::Tensor& scale, const at::Tensor& rows) {
  checkOuter(x, scale, rows, sums);
  const at::NoGradGuard withoutGradient;
  const int64_t each = scale.size(1), width = x.size(1), count = x.size(0);
  if (isPlainFloat(sums) && isPlainFloat(x) && isPlainFloat(scale) && sums.is_contiguous()) {
    const at::Tensor states = x.contiguous(), scales = scale.contiguous(), at = rows.contiguous();
    float* const to = sums.data_ptr<float>();
    const int64_t grain = std::max<int64_t>(4 * kLanes, kLayerGrain / std::max<int64_t>(1, count * each));
    at::parallel_for(0, width, grain, [&](int64_t begin, int64_t end) {
      addOuter(to, states.data_ptr<float>(), scales.data_ptr<float>(), at.data_ptr<int64_t>(), count, each, width, begin,
               end);
    });
    sums.unsafeGetTensorImpl()->bump_version();
    return;
  }
  const int64_t together = std::max<int64_t>(1, kComposedNumbers / std::max<int64_t>(1, each * width));
  for (int64_t n = 0; n < count; n += together) {
    const int64_t length = std::min(together, count - n);
    const at::Tensor outer = scale.narrow(0, n, length).unsqueeze(-1) * x.narrow(0, n, length).unsqueeze(1);
    sums.index_add_(0, rows.narrow(0, n, length).reshape(-1), outer.reshape({-1, width}));
  }
}

void mixRowMoments(const at::Tensor& first, const at::Tensor& second, const at::Tensor& sums, const at::Tensor& counts,
                   double beta1, double beta2) {
  TORCH_CHECK(first.dim() == 2 && second.sizes() == first.sizes() && sums.sizes() == first.sizes() && counts.dim() == 1 &&
                  counts.size(0) == first.size(0),
              "expected moments and sums [R, C] and counts [R], found ", first.sizes(), second.sizes(), sums.sizes(),
              counts.sizes());
  const at::NoGradGuard withoutGradient;
  const bool isPlain = isPlainFloat(first) && isPlainFloat(second) && isPlainFloat(sums) && isPlainFloat(counts) &&
                       first.is_contiguous() && second.is_contiguous() && sums.is_contiguous() && counts.is_contiguous();
  if (!isPlain) {
    const at::Tensor rows = counts.gt(0).nonzero().view({-1});
    const at::Tensor g = sums.index_select(0, rows) / counts.index_select(0, rows).unsqueeze(-1).to(sums.scalar_type());
    first.index_copy_(0, rows, first.index_select(0, rows) * beta1 + g * (1 - beta1));
    second.index_copy_(0, rows, second.index_select(0, rows) * beta2 + g.square() * (1 - beta2));
    sums.index_fill_(0, rows, 0);
    return;
  }
  const auto number = [](double value) { return static_cast<float>(value); };
  const Moments by = {number(beta1), number(1 - beta1), number(beta2), number(1 - beta2), 1, 1, 0};
  const int64_t width = first.size(1);
  const float* const count = counts.data_ptr<float>();
  float *m = first.data_ptr<float>(), *v = second.data_ptr<float>(), *sum = sums.data_ptr<float>();
  at::parallel_for(0, first.size(0), rowsPerTask(width), [&](int64_t begin, int64_t end) {
    for (int64_t r = begin; r < end; r++)
      if (count[r] > 0) mixRow(m + r * width, v + r * width, sum + r * width, 1.0f / count[r], width, by);
  });
  for (const at::Tensor& changed : {first, second, sums}) changed.unsafeGetTensorImpl()->bump_version();
}

const auto rowMomentsLibrary = defineOnce("row_adam_products", [](torch::Library& library) {
  library.def(
      "row_adam_products(Tensor x, Tensor scale, Tensor rows, Tensor exp_avg, Tensor exp_avg_sq, *, float beta1, float "
      "beta2, float correction1, float correction2, float eps) -> Tensor",
      rowAdamProducts);
  library.def(
      "mix_row_moments_(Tensor(a!) exp_avg, Tensor(b!) exp_avg_sq, Tensor(c!) sums, Tensor counts, float beta1, float beta2) "
      "-> ()",
      mixRowMoments);
  library.def("add_outer_rows_(Tensor(a!) self, Tensor x, Tensor scale, Tensor rows) -> ()", addOuterRows);
});

}  // namespace
}  // namespace laurel
