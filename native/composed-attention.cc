#include "composed-attention.h"

#include <limits>

namespace laurel {
namespace {

// [B, K, T, D] → [B, H, T, D]
at::Tensor forEachHead(const at::Tensor& keys, int64_t group) {
  return group == 1 ? keys : keys.repeat_interleave(group, 1);
}

// True where a query may not look, [T, T] or [B, 1, T, T].
at::Tensor hiddenPlaces(const at::Tensor& query, const Visible& visible) {
  const at::Tensor place = at::arange(query.size(2), query.options().dtype(at::kLong));
  const at::Tensor later = place.unsqueeze(0) > place.unsqueeze(1);
  if (!visible.starts.defined()) return later;
  at::Tensor foreign = place < visible.starts.unsqueeze(-1);
  if (visible.prefixes.defined())
    foreign = foreign & ((place < visible.prefixes.narrow(2, 0, 1)) | (place >= visible.prefixes.narrow(2, 1, 1)));
  return later | foreign.unsqueeze(1);
}

at::Tensor probabilities(const at::Tensor& query, const at::Tensor& key, const Visible& visible, double scale) {
  const at::Tensor scores = at::matmul(query, key.transpose(-1, -2)) * scale;
  const at::Tensor hidden = scores.masked_fill(hiddenPlaces(query, visible), -std::numeric_limits<double>::infinity());
  const bool isHalf = query.scalar_type() != at::kDouble && query.scalar_type() != at::kFloat;
  return isHalf ? hidden.to(at::kFloat).softmax(-1).to(query.scalar_type()) : hidden.softmax(-1);
}

at::Tensor sideBySide(const at::Tensor& heads) {
  return heads.transpose(1, 2).reshape({heads.size(0), heads.size(2), heads.size(1) * heads.size(3)});
}

}  // namespace

at::Tensor composedCausal(const at::Tensor& query, const at::Tensor& key, const at::Tensor& value,
                          const Visible& visible, double scale) {
  const int64_t group = query.size(1) / key.size(1);
  const at::Tensor p = probabilities(query, forEachHead(key, group), visible, scale);
  return sideBySide(at::matmul(p, forEachHead(value, group)));
}

variable_list composedCausalGradients(const at::Tensor& query, const at::Tensor& keys, const at::Tensor& values,
                                      const Visible& visible, const at::Tensor& above, double scale) {
  const int64_t group = query.size(1) / keys.size(1);
  const at::Tensor key = forEachHead(keys, group), value = forEachHead(values, group);
  const at::Tensor p = probabilities(query, key, visible, scale);
  const at::Tensor dMixed = above.view({query.size(0), query.size(2), query.size(1), query.size(3)}).transpose(1, 2);
  const at::Tensor dP = at::matmul(dMixed, value.transpose(-1, -2));
  const at::Tensor dScores = p * (dP - (p * dP).sum(-1, true)) * scale;
  const auto shared = [&](const at::Tensor& gradient) {
    return gradient.reshape({gradient.size(0), keys.size(1), group, gradient.size(2), gradient.size(3)}).sum(2);
  };
  return {at::matmul(dScores, key), shared(at::matmul(dScores.transpose(-1, -2), query)),
          shared(at::matmul(p.transpose(-1, -2), dMixed))};
}

}  // namespace laurel
