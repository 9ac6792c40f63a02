// Operators that others are made of.
#pragma once

#include <ATen/core/Tensor.h>

namespace laurel {

using OptionalTensor = c10::optional<at::Tensor>;

at::Tensor rmsNorm(const at::Tensor& x, const at::Tensor& weight, double epsilon);

at::Tensor swiglu(const at::Tensor& both);

at::Tensor packedLinear(const at::Tensor& x, const at::Tensor& packed, int64_t features, const OptionalTensor& bias,
                        const OptionalTensor& residual);

at::Tensor decodeAttention(const at::Tensor& all, const at::Tensor& cosine, const at::Tensor& signedSine,
                           const at::Tensor& keys, const at::Tensor& values, int64_t length,
                           const OptionalTensor& starts, const OptionalTensor& queryNorm,
                           const OptionalTensor& keyNorm, double epsilon, double scale);

}  // namespace laurel
