// laurel::fused_adamw_: one AdamW update of many parameters on the CPU, each number read and written once.
// libtorch has such a kernel from 2.4 on; list operators take five times as long, and a step of training shows it.
#include <ATen/Parallel.h>
#include <ATen/core/Tensor.h>
#include <ATen/core/dispatch/Dispatcher.h>
#include <torch/library.h>

#include <cmath>
#include <memory>

// The same loop for several instruction sets, chosen when the addon loads, where compiler and C library can do so.
#if defined(__GNUC__) && !defined(__clang__) && defined(__GLIBC__) && defined(__x86_64__)
#define LAUREL_EVERY_ISA __attribute__((target_clones("avx512f", "avx2", "default")))
#else
#define LAUREL_EVERY_ISA
#endif

namespace laurel {
namespace {

// Numbers per task; below it a thread costs more than it saves.
constexpr int64_t kAdamGrain = 1 << 15;

// An update's constants: θ ← keep·θ − rate·m / (√v + epsilon), the bias corrections already inside.
struct AdamFactors {
  double beta1, beta2, keep, rate, epsilon;
};

AdamFactors adamFactors(double lr, double beta1, double beta2, double decay, double eps, int64_t step) {
  const auto t = static_cast<double>(step);
  const double correction1 = 1 - std::pow(beta1, t);
  const double correction2 = std::sqrt(1 - std::pow(beta2, t));
  return {beta1, beta2, 1 - lr * decay, lr * correction2 / correction1, eps * correction2};
}

// Set-up compiles with -fno-math-errno: a square root is then one instruction, and the loop vectorises.
#if defined(__GNUC__) && !defined(__clang__)
#pragma GCC push_options
#pragma GCC optimize("O3")
#endif

template <typename Number>
inline __attribute__((always_inline)) void adamLoop(Number* __restrict__ parameter, const Number* __restrict__ gradient,
                                                    Number* __restrict__ first, Number* __restrict__ second,
                                                    int64_t count, const AdamFactors& factors) {
  const auto beta1 = static_cast<Number>(factors.beta1), rest1 = static_cast<Number>(1 - factors.beta1);
  const auto beta2 = static_cast<Number>(factors.beta2), rest2 = static_cast<Number>(1 - factors.beta2);
  const auto keep = static_cast<Number>(factors.keep), rate = static_cast<Number>(factors.rate);
  const auto epsilon = static_cast<Number>(factors.epsilon);
  for (int64_t i = 0; i < count; i++) {
    const Number g = gradient[i];
    const Number m = beta1 * first[i] + rest1 * g;
    const Number v = beta2 * second[i] + rest2 * g * g;
    first[i] = m;
    second[i] = v;
    parameter[i] = keep * parameter[i] - rate * m / (std::sqrt(v) + epsilon);
  }
}

LAUREL_EVERY_ISA void adamRun(float* parameter, const float* gradient, float* first, float* second, int64_t count,
                              const AdamFactors& factors) {
  adamLoop(parameter, gradient, first, second, count, factors);
}

LAUREL_EVERY_ISA void adamRun(double* parameter, const double* gradient, double* first, double* second, int64_t count,
                              const AdamFactors& factors) {
  adamLoop(parameter, gradient, first, second, count, factors);
}

#if defined(__GNUC__) && !defined(__clang__)
#pragma GCC pop_options
#endif

template <typename Number>
void adamUpdate(const at::Tensor& parameter, const at::Tensor& gradient, const at::Tensor& first,
                const at::Tensor& second, const AdamFactors& factors) {
  const at::Tensor dense = gradient.contiguous();
  auto* const p = parameter.data_ptr<Number>();
  const auto* const g = dense.data_ptr<Number>();
  auto* const m = first.data_ptr<Number>();
  auto* const v = second.data_ptr<Number>();
  at::parallel_for(0, parameter.numel(), kAdamGrain, [&](int64_t begin, int64_t end) {
    adamRun(p + begin, g + begin, m + begin, v + begin, end - begin, factors);
  });
}

void checkAdam(const at::Tensor& parameter, std::initializer_list<const at::Tensor*> others) {
  const auto dtype = parameter.scalar_type();
  TORCH_CHECK(dtype == at::kFloat || dtype == at::kDouble, "expected float32 or float64 parameters, found ", dtype);
  TORCH_CHECK(parameter.is_contiguous(), "expected contiguous parameters");
  for (const at::Tensor* other : others) {
    TORCH_CHECK(other->sizes() == parameter.sizes() && other->scalar_type() == dtype, "expected ", dtype,
                parameter.sizes(), " as the parameter, found ", other->scalar_type(), other->sizes());
  }
}

void fusedAdamW(at::TensorList parameters, at::TensorList gradients, at::TensorList firsts, at::TensorList seconds,
                double lr, double beta1, double beta2, double weightDecay, double eps, int64_t step) {
  const size_t count = parameters.size();
  TORCH_CHECK(gradients.size() == count && firsts.size() == count && seconds.size() == count,
              "expected lists of equal length");
  const AdamFactors factors = adamFactors(lr, beta1, beta2, weightDecay, eps, step);
  for (size_t i = 0; i < count; i++) {
    checkAdam(parameters[i], {&gradients[i], &firsts[i], &seconds[i]});
    TORCH_CHECK(firsts[i].is_contiguous() && seconds[i].is_contiguous(), "expected contiguous moments");
    const auto update = parameters[i].scalar_type() == at::kFloat ? adamUpdate<float> : adamUpdate<double>;
    update(parameters[i], gradients[i], firsts[i], seconds[i], factors);
    for (const auto& written : {parameters[i], firsts[i], seconds[i]}) written.unsafeGetTensorImpl()->bump_version();
  }
}

// A second copy of the addon in one process leaves the operator to the first: defining it twice would end the process.
std::unique_ptr<torch::Library> defineAdam() {
  if (c10::Dispatcher::singleton().findSchema({"laurel::fused_adamw_", ""}).has_value()) return nullptr;
  auto library = std::unique_ptr<torch::Library>(
      new torch::Library(torch::Library::FRAGMENT, "laurel", {}, __FILE__, __LINE__));
  library->def(
      "fused_adamw_(Tensor(a!)[] self, Tensor[] grads, Tensor(b!)[] exp_avgs, Tensor(c!)[] exp_avg_sqs, *, "
      "float lr, float beta1, float beta2, float weight_decay, float eps, int step) -> ()");
  library->impl("fused_adamw_", c10::DispatchKey::CPU, fusedAdamW);
  return library;
}

const std::unique_ptr<torch::Library> adamLibrary = defineAdam();

}  // namespace
}  // namespace laurel
