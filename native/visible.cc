#include "visible.h"

namespace laurel {
namespace {

at::Tensor checkedPlaces(const Given& given, const at::Tensor& query, int64_t perToken, const char* name) {
  if (!given.has_value() || !given->defined()) return {};
  TORCH_CHECK(at::isIntegralType(given->scalar_type(), false) && given->dim() == (perToken == 1 ? 2 : 3) &&
                  given->size(0) == query.size(0) && given->size(1) == query.size(2) &&
                  given->numel() == query.size(0) * query.size(2) * perToken,
              "expected whole ", name, ", found ", given->scalar_type(), given->sizes());
  return given->to(at::kLong).contiguous();
}

}  // namespace

void checkPlaces(const Visible& visible) {
  if (!visible.starts.defined()) return;
  const int64_t count = visible.starts.size(1), places = visible.starts.numel();
  const int64_t* const starts = visible.starts.data_ptr<int64_t>();
  for (int64_t i = 0; i < places; i++)
    TORCH_CHECK(starts[i] >= 0 && starts[i] <= i % count, "token ", i % count, " cannot start at ", starts[i]);
  if (!visible.prefixes.defined()) return;
  const int64_t* const prefixes = visible.prefixes.data_ptr<int64_t>();
  for (int64_t i = 0; i < places; i++) {
    const int64_t begin = prefixes[2 * i], end = prefixes[2 * i + 1];
    TORCH_CHECK(begin >= 0 && begin <= end && end <= starts[i], "token ", i % count, ", which starts at ", starts[i],
                ", cannot see ", begin, " to ", end, " before it");
  }
}

Visible givenVisible(const Given& starts, const Given& prefixes, const at::Tensor& query) {
  const Visible visible{checkedPlaces(starts, query, 1, "starts [B, T]"),
                        checkedPlaces(prefixes, query, 2, "prefixes [B, T, 2]")};
  TORCH_CHECK(visible.starts.defined() || !visible.prefixes.defined(), "prefixes need starts");
  return visible;
}

}  // namespace laurel
