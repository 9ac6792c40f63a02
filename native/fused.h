// What the fused operators share: vector arithmetic, tests of tensors, and registration.
#pragma once

#include <ATen/ATen.h>
#include <ATen/Parallel.h>
#include <ATen/core/dispatch/Dispatcher.h>
#include <torch/csrc/autograd/custom_function.h>
#include <torch/library.h>

#include <algorithm>
#include <cmath>
#include <cstring>
#include <memory>
#include <string>

// The same loop for several instruction sets, chosen when the addon loads, where compiler and C library can do so.
// x86-64-v3 is AVX2 with fused multiply-add on whatever processor has them; `arch=` with a processor's name would be
// chosen on that very model alone. Compilers before GCC 12 cannot ask for the level, and leave the fusing out.
#if defined(__GNUC__) && !defined(__clang__) && defined(__GLIBC__) && defined(__x86_64__)
#if __GNUC__ >= 12
#define LAUREL_KERNEL __attribute__((target_clones("avx512f", "arch=x86-64-v3", "default")))
#define LAUREL_KERNEL_SETS "avx512f, x86-64-v3"
#else
#define LAUREL_KERNEL __attribute__((target_clones("avx512f", "avx2", "default")))
#define LAUREL_KERNEL_SETS "avx512f, avx2"
#endif
#else
#define LAUREL_KERNEL
#define LAUREL_KERNEL_SETS ""
#endif
#define LAUREL_INLINE inline __attribute__((always_inline))

// Loops between these two are vectorised.
#if defined(__GNUC__) && !defined(__clang__)
#define LAUREL_KERNELS_BEGIN _Pragma("GCC push_options") _Pragma("GCC optimize(\"O3\")")
#define LAUREL_KERNELS_END _Pragma("GCC pop_options")
#else
#define LAUREL_KERNELS_BEGIN
#define LAUREL_KERNELS_END
#endif

namespace laurel {

// Numbers per task; below it a thread costs more than it saves.
constexpr int64_t kLayerGrain = 1 << 14;
constexpr int64_t kLanes = 16;

using Lanes = float __attribute__((vector_size(kLanes * sizeof(float)), aligned(4), may_alias));

LAUREL_KERNELS_BEGIN

LAUREL_INLINE const Lanes& lanesAt(const float* from) { return *reinterpret_cast<const Lanes*>(from); }

LAUREL_INLINE float sumOf(const Lanes& lanes) {
  using Eight = float __attribute__((vector_size(32)));
  using Four = float __attribute__((vector_size(16)));
  Eight eights[2];
  std::memcpy(eights, &lanes, sizeof(eights));
  const Eight eight = eights[0] + eights[1];
  Four fours[2];
  std::memcpy(fours, &eight, sizeof(fours));
  const Four four = fours[0] + fours[1];
  return (four[0] + four[2]) + (four[1] + four[3]);
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

// Rotation of the pairs (x_i, x_{i + D/2}); `direction` −1 turns back, which is the gradient.
LAUREL_INLINE void rotateOne(const float* x, const float* cosine, const float* signedSine, float* y, int64_t width,
                             float direction) {
  const int64_t half = width / 2;
#pragma GCC ivdep  // A pair is read before it is written, so y may be x.
  for (int64_t i = 0; i < half; i++) {
    const float a = x[i], b = x[half + i];
    y[i] = a * cosine[i] + b * (direction * signedSine[i]);
    y[half + i] = b * cosine[half + i] + a * (direction * signedSine[half + i]);
  }
}

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

LAUREL_KERNELS_END

inline bool isPlainFloat(const at::Tensor& tensor) {
  return tensor.is_cpu() && tensor.scalar_type() == at::kFloat && tensor.layout() == at::kStrided;
}

inline int64_t rowsPerTask(int64_t numbers) { return std::max<int64_t>(1, kLayerGrain / std::max<int64_t>(1, numbers)); }

inline bool records(std::initializer_list<at::Tensor> tensors) {
  if (!at::GradMode::is_enabled()) return false;
  for (const auto& tensor : tensors)
    if (tensor.requires_grad()) return true;
  return false;
}

using torch::autograd::AutogradContext;
using torch::autograd::variable_list;

// A gradient of a gradient is left to formulas of differentiable operators.
inline bool isDifferentiatedAgain() { return at::GradMode::is_enabled(); }

// The angles of T positions that all rows share, or of B·T.
inline bool anglesFit(const at::Tensor& angles, const at::Tensor& all) {
  const int64_t shared = all.size(1) * all.size(3);
  return isPlainFloat(angles) && angles.is_contiguous() &&
         (angles.numel() == shared || angles.numel() == all.size(0) * shared);
}

// Defines operators beside `name`, unless a second copy of the addon in this process already has: twice would end it.
template <typename Define>
std::unique_ptr<torch::Library> defineOnce(const char* name, const Define& define) {
  if (c10::Dispatcher::singleton().findSchema({std::string("laurel::") + name, ""}).has_value()) return nullptr;
  auto library =
      std::unique_ptr<torch::Library>(new torch::Library(torch::Library::FRAGMENT, "laurel", {}, __FILE__, __LINE__));
  define(*library);
  return library;
}

}  // namespace laurel
