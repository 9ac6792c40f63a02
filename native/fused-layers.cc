// Parts of a decoder layer as single operators, each with its gradient: the elementary operators they stand for
// read and write every intermediate. float32 on the CPU; composed of libtorch's own elsewhere.
#include <ATen/ATen.h>
#include <ATen/Parallel.h>
#include <ATen/core/dispatch/Dispatcher.h>
#include <torch/csrc/autograd/custom_function.h>
#include <torch/library.h>
#include <torch/version.h>

#include <cmath>
#include <cstring>
#include <memory>
#include <tuple>
#include <vector>

// The same loop for several instruction sets, chosen when the addon loads, where compiler and C library can do so.
#if defined(__GNUC__) && !defined(__clang__) && defined(__GLIBC__) && defined(__x86_64__)
#define LAUREL_KERNEL __attribute__((target_clones("avx512f", "arch=haswell", "default")))
#else
#define LAUREL_KERNEL
#endif
#define LAUREL_INLINE inline __attribute__((always_inline))

namespace laurel {
namespace {

// Numbers per task; below it a thread costs more than it saves.
constexpr int64_t kLayerGrain = 1 << 14;
constexpr int64_t kLanes = 16;

using Lanes = float __attribute__((vector_size(kLanes * sizeof(float)), aligned(4), may_alias));

#if defined(__GNUC__) && !defined(__clang__)
#pragma GCC push_options
#pragma GCC optimize("O3")
#endif

LAUREL_INLINE const Lanes& lanesAt(const float* from) { return *reinterpret_cast<const Lanes*>(from); }

LAUREL_INLINE float sumOf(const Lanes& lanes) {
  float sum = 0;
  for (int64_t i = 0; i < kLanes; i++) sum += lanes[i];
  return sum;
}

// Σ a_i b_i
LAUREL_INLINE float dotOf(const float* a, const float* b, int64_t count) {
  Lanes first = {}, second = {};
  int64_t i = 0;
  for (; i + 2 * kLanes <= count; i += 2 * kLanes) {
    first += lanesAt(a + i) * lanesAt(b + i);
    second += lanesAt(a + i + kLanes) * lanesAt(b + i + kLanes);
  }
  first += second;
  float sum = sumOf(first);
  for (; i < count; i++) sum += a[i] * b[i];
  return sum;
}

// e^x within 2 units in the last place, 0 below −87; range reduction and coefficients as in Cephes' expf.
LAUREL_INLINE float exponential(float x) {
  constexpr float kRound = 12582912.0f;
  const float bounded = x > 88.0f ? 88.0f : (x < -87.0f ? -87.0f : x);
  const float power = (bounded * 1.44269504088896341f + kRound) - kRound;
  const float r = (bounded - power * 0.693359375f) + power * 2.12194440e-4f;
  float p = 1.9875691500e-4f;
  p = p * r + 1.3981999507e-3f;
  p = p * r + 8.3334519073e-3f;
  p = p * r + 4.1665795894e-2f;
  p = p * r + 1.6666665459e-1f;
  p = p * r + 5.0000001201e-1f;
  const float mantissa = p * r * r + r + 1.0f;
  const int32_t bits = (static_cast<int32_t>(power) + 127) << 23;
  float scale;
  std::memcpy(&scale, &bits, sizeof(scale));
  return x < -87.0f ? 0.0f : mantissa * scale;
}

// ---- y = x / √(mean(x²) + ε) · g

LAUREL_KERNEL void normRows(const float* x, const float* weight, float* y, float* scales, int64_t rows, int64_t width,
                            float epsilon) {
  for (int64_t row = 0; row < rows; row++, x += width, y += width) {
    const float scale = 1.0f / std::sqrt(dotOf(x, x, width) / static_cast<float>(width) + epsilon);
    scales[row] = scale;
    for (int64_t i = 0; i < width; i++) y[i] = x[i] * scale * weight[i];
  }
}

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

// ---- y = silu(gate) ⊙ up

LAUREL_KERNEL void gateRows(const float* both, float* y, int64_t rows, int64_t width) {
  for (int64_t row = 0; row < rows; row++, both += 2 * width, y += width)
    for (int64_t i = 0; i < width; i++) y[i] = both[i] / (1.0f + exponential(-both[i])) * both[width + i];
}

LAUREL_KERNEL void gateRowsBackward(const float* both, const float* dy, float* dBoth, int64_t rows, int64_t width) {
  for (int64_t row = 0; row < rows; row++, both += 2 * width, dBoth += 2 * width, dy += width) {
    for (int64_t i = 0; i < width; i++) {
      const float gate = both[i], sigmoid = 1.0f / (1.0f + exponential(-gate));
      dBoth[i] = dy[i] * both[width + i] * sigmoid * (1.0f + gate * (1.0f - sigmoid));
      dBoth[width + i] = dy[i] * gate * sigmoid;
    }
  }
}

// ---- rotation of pairs (x_i, x_{i + D/2}); `direction` −1 turns back, which is the gradient

LAUREL_INLINE void rotateOne(const float* x, const float* cosine, const float* signedSine, float* y, int64_t width,
                             float direction) {
  const int64_t half = width / 2;
  for (int64_t i = 0; i < half; i++) {
    const float a = x[i], b = x[half + i];
    y[i] = a * cosine[i] + b * (direction * signedSine[i]);
    y[half + i] = b * cosine[half + i] + a * (direction * signedSine[half + i]);
  }
}

// Where the heads of token (b, t) stand: interleaved as the projection gives them, or apart, [B, heads, T, D].
struct HeadSizes {
  int64_t count, heads, keyHeads, width;
  int64_t all() const { return heads + 2 * keyHeads; }
};

LAUREL_INLINE float* headAt(float* query, float* key, float* value, int64_t head, int64_t row, int64_t t,
                            const HeadSizes& sizes) {
  const auto place = [&](float* base, int64_t heads, int64_t index) {
    return base + ((row * heads + index) * sizes.count + t) * sizes.width;
  };
  if (head < sizes.heads) return place(query, sizes.heads, head);
  if (head < sizes.heads + sizes.keyHeads) return place(key, sizes.keyHeads, head - sizes.heads);
  return place(value, sizes.keyHeads, head - sizes.heads - sizes.keyHeads);
}

LAUREL_KERNEL void splitTokens(const float* together, const float* cosine, const float* signedSine, bool perRow,
                               float* query, float* key, float* value, int64_t begin, int64_t end,
                               const HeadSizes& sizes) {
  const int64_t width = sizes.width, turned = sizes.heads + sizes.keyHeads;
  for (int64_t token = begin; token < end; token++) {
    const int64_t row = token / sizes.count, t = token % sizes.count;
    const int64_t angle = (perRow ? token : t) * width;
    for (int64_t head = 0; head < sizes.all(); head++) {
      const float* from = together + (token * sizes.all() + head) * width;
      float* to = headAt(query, key, value, head, row, t, sizes);
      if (head < turned) rotateOne(from, cosine + angle, signedSine + angle, to, width, 1.0f);
      else std::memcpy(to, from, static_cast<size_t>(width) * sizeof(float));
    }
  }
}

LAUREL_KERNEL void joinTokens(float* query, float* key, float* value, const float* cosine, const float* signedSine,
                              bool perRow, float* together, int64_t begin, int64_t end, const HeadSizes& sizes) {
  const int64_t width = sizes.width, turned = sizes.heads + sizes.keyHeads;
  for (int64_t token = begin; token < end; token++) {
    const int64_t row = token / sizes.count, t = token % sizes.count;
    const int64_t angle = (perRow ? token : t) * width;
    for (int64_t head = 0; head < sizes.all(); head++) {
      const float* from = headAt(query, key, value, head, row, t, sizes);
      float* to = together + (token * sizes.all() + head) * width;
      if (head < turned) rotateOne(from, cosine + angle, signedSine + angle, to, width, -1.0f);
      else std::memcpy(to, from, static_cast<size_t>(width) * sizeof(float));
    }
  }
}

// ---- attention of one query position per row over the cache, which first gains the row's key and value

struct DecodeSizes {
  int64_t heads, keyHeads, width, capacity, length;
  float scale;
};

LAUREL_INLINE void softmaxInPlace(float* scores, int64_t count) {
  float most = scores[0];
  for (int64_t s = 1; s < count; s++) most = scores[s] > most ? scores[s] : most;
  for (int64_t s = 0; s < count; s++) scores[s] = exponential(scores[s] - most);
  Lanes sums = {};
  int64_t s = 0;
  for (; s + kLanes <= count; s += kLanes) sums += lanesAt(scores + s);
  float sum = sumOf(sums);
  for (; s < count; s++) sum += scores[s];
  const float inverse = 1.0f / sum;
  for (s = 0; s < count; s++) scores[s] *= inverse;
}

LAUREL_INLINE void mixValues(const float* scores, const float* values, float* out, int64_t count, int64_t width) {
  int64_t i = 0;
  for (; i + 4 * kLanes <= width; i += 4 * kLanes) {
    Lanes a = {}, b = {}, c = {}, d = {};
    for (int64_t s = 0; s < count; s++) {
      const float* v = values + s * width + i;
      a += scores[s] * lanesAt(v);
      b += scores[s] * lanesAt(v + kLanes);
      c += scores[s] * lanesAt(v + 2 * kLanes);
      d += scores[s] * lanesAt(v + 3 * kLanes);
    }
    const Lanes mixed[] = {a, b, c, d};
    std::memcpy(out + i, mixed, sizeof(mixed));
  }
  if (i == width) return;
  std::memset(out + i, 0, static_cast<size_t>(width - i) * sizeof(float));
  for (int64_t s = 0; s < count; s++)
    for (int64_t j = i; j < width; j++) out[j] += scores[s] * values[s * width + j];
}

// One row and key head: `heads` points at the row's projections, `keys` and `values` at the head's cache.
LAUREL_KERNEL void decodeHead(const float* heads, int64_t keyHead, const float* cosine, const float* signedSine,
                              const float* bias, float* keys, float* values, float* scores, float* out,
                              const DecodeSizes& sizes) {
  const int64_t width = sizes.width, group = sizes.heads / sizes.keyHeads, count = sizes.length + 1;
  float* const query = scores + count;
  rotateOne(heads + (sizes.heads + keyHead) * width, cosine, signedSine, keys + sizes.length * width, width, 1.0f);
  std::memcpy(values + sizes.length * width, heads + (sizes.heads + sizes.keyHeads + keyHead) * width,
              static_cast<size_t>(width) * sizeof(float));
  for (int64_t g = 0; g < group; g++) {
    const int64_t head = keyHead * group + g;
    rotateOne(heads + head * width, cosine, signedSine, query, width, 1.0f);
    for (int64_t s = 0; s < count; s++) scores[s] = dotOf(query, keys + s * width, width) * sizes.scale;
    if (bias != nullptr)
      for (int64_t s = 0; s < count; s++) scores[s] += bias[s];
    softmaxInPlace(scores, count);
    mixValues(scores, values, out + head * width, count, width);
  }
}

#if defined(__GNUC__) && !defined(__clang__)
#pragma GCC pop_options
#endif

bool isPlainFloat(const at::Tensor& tensor) {
  return tensor.is_cpu() && tensor.scalar_type() == at::kFloat && tensor.layout() == at::kStrided;
}

int64_t rowsPerTask(int64_t numbers) { return std::max<int64_t>(1, kLayerGrain / std::max<int64_t>(1, numbers)); }

bool records(std::initializer_list<at::Tensor> tensors) {
  if (!at::GradMode::is_enabled()) return false;
  for (const auto& tensor : tensors)
    if (tensor.requires_grad()) return true;
  return false;
}

using torch::autograd::AutogradContext;
using torch::autograd::variable_list;

// A gradient of a gradient is left to formulas of differentiable operators.
bool isDifferentiatedAgain() { return at::GradMode::is_enabled(); }

// ---- rms_norm

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

// ---- swiglu

at::Tensor gateForward(const at::Tensor& given) {
  const at::Tensor both = given.contiguous();
  const int64_t width = both.size(-1) / 2, rows = both.numel() / (2 * width);
  auto shape = both.sizes().vec();
  shape.back() = width;
  at::Tensor y = at::empty(shape, both.options());
  const float* const from = both.data_ptr<float>();
  float* const to = y.data_ptr<float>();
  at::parallel_for(0, rows, rowsPerTask(width), [&](int64_t begin, int64_t end) {
    gateRows(from + begin * 2 * width, to + begin * width, end - begin, width);
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

// ---- split_heads

using Heads = std::tuple<at::Tensor, at::Tensor, at::Tensor>;

at::Tensor rotateComposed(const at::Tensor& x, const at::Tensor& cosine, const at::Tensor& signedSine) {
  return x * cosine + x.roll({x.size(-1) / 2}, {-1}) * signedSine;
}

Heads splitComposed(const at::Tensor& all, const at::Tensor& cosine, const at::Tensor& signedSine, int64_t heads,
                    int64_t keyHeads) {
  const at::Tensor turned = rotateComposed(all.narrow(2, 0, heads + keyHeads), cosine, signedSine);
  return {turned.narrow(2, 0, heads).transpose(1, 2), turned.narrow(2, heads, keyHeads).transpose(1, 2),
          all.narrow(2, heads + keyHeads, keyHeads).transpose(1, 2)};
}

Heads splitForward(const at::Tensor& given, const at::Tensor& cosine, const at::Tensor& signedSine, int64_t heads,
                   int64_t keyHeads) {
  const at::Tensor all = given.contiguous();
  const int64_t rows = all.size(0), count = all.size(1), width = all.size(3);
  const HeadSizes sizes{count, heads, keyHeads, width};
  at::Tensor query = at::empty({rows, heads, count, width}, all.options());
  at::Tensor key = at::empty({rows, keyHeads, count, width}, all.options()), value = at::empty_like(key);
  const bool perRow = cosine.numel() != count * width;
  const float *from = all.data_ptr<float>(), *c = cosine.data_ptr<float>(), *s = signedSine.data_ptr<float>();
  float *q = query.data_ptr<float>(), *k = key.data_ptr<float>(), *v = value.data_ptr<float>();
  at::parallel_for(0, rows * count, rowsPerTask(sizes.all() * width), [&](int64_t begin, int64_t end) {
    splitTokens(from, c, s, perRow, q, k, v, begin, end, sizes);
  });
  return {query, key, value};
}

at::Tensor splitBackward(const variable_list& gradients, const at::Tensor& cosine, const at::Tensor& signedSine,
                         const HeadSizes& sizes, int64_t rows) {
  const auto dense = [&](const at::Tensor& gradient, int64_t heads) {
    if (gradient.defined()) return gradient.contiguous();
    return at::zeros({rows, heads, sizes.count, sizes.width}, cosine.options());
  };
  const at::Tensor query = dense(gradients[0], sizes.heads), key = dense(gradients[1], sizes.keyHeads);
  const at::Tensor value = dense(gradients[2], sizes.keyHeads);
  at::Tensor all = at::empty({rows, sizes.count, sizes.all(), sizes.width}, cosine.options());
  const bool perRow = cosine.numel() != sizes.count * sizes.width;
  const float *c = cosine.data_ptr<float>(), *s = signedSine.data_ptr<float>();
  float *q = query.data_ptr<float>(), *k = key.data_ptr<float>(), *v = value.data_ptr<float>();
  float* const to = all.data_ptr<float>();
  at::parallel_for(0, rows * sizes.count, rowsPerTask(sizes.all() * sizes.width), [&](int64_t begin, int64_t end) {
    joinTokens(q, k, v, c, s, perRow, to, begin, end, sizes);
  });
  return all;
}

struct SplitFunction : torch::autograd::Function<SplitFunction> {
  static variable_list forward(AutogradContext* context, const at::Tensor& all, const at::Tensor& cosine,
                               const at::Tensor& signedSine, int64_t heads, int64_t keyHeads) {
    context->save_for_backward({cosine, signedSine});
    context->saved_data["rows"] = all.size(0);
    context->saved_data["count"] = all.size(1);
    context->saved_data["width"] = all.size(3);
    context->saved_data["heads"] = heads;
    context->saved_data["keyHeads"] = keyHeads;
    const auto [query, key, value] = splitForward(all, cosine, signedSine, heads, keyHeads);
    return {query, key, value};
  }

  static variable_list backward(AutogradContext* context, variable_list gradients) {
    const auto saved = context->get_saved_variables();
    const auto number = [&](const char* name) { return context->saved_data[name].toInt(); };
    const HeadSizes sizes{number("count"), number("heads"), number("keyHeads"), number("width")};
    const int64_t rows = number("rows");
    if (!isDifferentiatedAgain())
      return {splitBackward(gradients, saved[0], saved[1], sizes, rows), at::Tensor(), at::Tensor(), at::Tensor(),
              at::Tensor()};
    const auto given = [&](size_t index, int64_t heads) {
      const at::Tensor& gradient = gradients[index];
      if (gradient.defined()) return gradient.transpose(1, 2);
      return at::zeros({rows, sizes.count, heads, sizes.width}, saved[0].options());
    };
    const at::Tensor turned = at::cat({given(0, sizes.heads), given(1, sizes.keyHeads)}, 2);
    const at::Tensor back = rotateComposed(turned, saved[0], -saved[1]);
    return {at::cat({back, given(2, sizes.keyHeads)}, 2), at::Tensor(), at::Tensor(), at::Tensor(), at::Tensor()};
  }
};

// The angles of T positions that all rows share, or of B·T.
bool anglesFit(const at::Tensor& angles, const at::Tensor& all) {
  const int64_t shared = all.size(1) * all.size(3);
  return isPlainFloat(angles) && angles.is_contiguous() &&
         (angles.numel() == shared || angles.numel() == all.size(0) * shared);
}

Heads splitHeads(const at::Tensor& all, const at::Tensor& cosine, const at::Tensor& signedSine, int64_t heads,
                 int64_t keyHeads) {
  TORCH_CHECK(all.dim() == 4 && heads > 0 && keyHeads > 0 && all.size(2) == heads + 2 * keyHeads,
              "expected [B, T, ", heads, " + 2·", keyHeads, ", D], found shape ", all.sizes());
  TORCH_CHECK(all.size(3) % 2 == 0 && cosine.sizes() == signedSine.sizes(), "the angles do not fit the heads");
  const bool fits = isPlainFloat(all) && all.numel() > 0 && anglesFit(cosine, all) && anglesFit(signedSine, all);
  if (!fits) return splitComposed(all, cosine, signedSine, heads, keyHeads);
  if (!records({all})) return splitForward(all, cosine, signedSine, heads, keyHeads);
  const auto parts = SplitFunction::apply(all, cosine, signedSine, heads, keyHeads);
  return {parts[0], parts[1], parts[2]};
}

// ---- decode_attention

// keys and values [R', K, C, D] gain place `length` of their first R rows; bias [R or 1, 1, length + 1].
at::Tensor decodeAttention(const at::Tensor& given, const at::Tensor& cosine, const at::Tensor& signedSine,
                           const at::Tensor& keys, const at::Tensor& values, int64_t length,
                           const c10::optional<at::Tensor>& bias, double scale) {
  const at::Tensor all = given.contiguous();
  TORCH_CHECK(isPlainFloat(all) && all.dim() == 4 && all.size(1) == 1, "expected float32 [R, 1, heads, D] on the CPU, found ",
              all.scalar_type(), all.sizes());
  const int64_t rows = all.size(0), width = all.size(3);
  for (const at::Tensor& cache : {keys, values})
    TORCH_CHECK(isPlainFloat(cache) && cache.is_contiguous() && cache.dim() == 4 && cache.size(0) >= rows &&
                    cache.size(3) == width && cache.sizes() == keys.sizes() && length >= 0 && length < cache.size(2),
                "the cache ", cache.sizes(), " does not fit ", all.sizes(), " at place ", length);
  const int64_t keyHeads = keys.size(1), heads = all.size(2) - 2 * keyHeads, capacity = keys.size(2);
  TORCH_CHECK(heads > 0 && heads % keyHeads == 0 && width % 2 == 0, "heads ", heads, " do not share ", keyHeads);
  TORCH_CHECK(anglesFit(cosine, all) && anglesFit(signedSine, all), "the angles do not fit the heads");
  at::Tensor seen;
  if (bias.has_value() && bias->defined()) {
    TORCH_CHECK(isPlainFloat(*bias) && bias->dim() == 3, "expected a bias [R, 1, S], found ", bias->sizes());
    seen = bias->expand({rows, 1, length + 1}).contiguous();
  }
  const DecodeSizes sizes{heads, keyHeads, width, capacity, length, static_cast<float>(scale)};
  at::Tensor out = at::empty({rows, 1, heads * width}, all.options());
  const bool perRow = cosine.numel() != width;
  const float *from = all.data_ptr<float>(), *c = cosine.data_ptr<float>(), *s = signedSine.data_ptr<float>();
  const float* const b = seen.defined() ? seen.data_ptr<float>() : nullptr;
  float *k = keys.data_ptr<float>(), *v = values.data_ptr<float>(), *to = out.data_ptr<float>();
  const int64_t work = heads / keyHeads * (length + 1) * width;
  at::parallel_for(0, rows * keyHeads, rowsPerTask(work), [&](int64_t begin, int64_t end) {
    std::vector<float> scratch(static_cast<size_t>(length + 1 + width));
    for (int64_t task = begin; task < end; task++) {
      const int64_t row = task / keyHeads, head = task % keyHeads, angle = perRow ? row * width : 0;
      decodeHead(from + row * all.size(2) * width, head, c + angle, s + angle,
                 b == nullptr ? nullptr : b + row * (length + 1), k + task * capacity * width,
                 v + task * capacity * width, scratch.data(), to + row * heads * width, sizes);
    }
  });
  return out;
}

// A second copy of the addon in one process leaves the operators to the first: defining them twice would end it.
std::unique_ptr<torch::Library> defineLayers() {
  if (c10::Dispatcher::singleton().findSchema({"laurel::rms_norm", ""}).has_value()) return nullptr;
  auto library =
      std::unique_ptr<torch::Library>(new torch::Library(torch::Library::FRAGMENT, "laurel", {}, __FILE__, __LINE__));
  library->def("rms_norm(Tensor x, Tensor weight, float eps) -> Tensor", rmsNorm);
  library->def("swiglu(Tensor gate_up) -> Tensor", swiglu);
  library->def(
      "split_heads(Tensor all, Tensor cos, Tensor signed_sin, int heads, int key_heads) -> (Tensor, Tensor, Tensor)",
      splitHeads);
  library->def(
      "decode_attention(Tensor all, Tensor cos, Tensor signed_sin, Tensor(a!) keys, Tensor(b!) values, int length, "
      "Tensor? bias, float scale) -> Tensor");
  library->impl("decode_attention", c10::DispatchKey::CPU, decodeAttention);
  return library;
}

const std::unique_ptr<torch::Library> layersLibrary = defineLayers();

}  // namespace
}  // namespace laurel
