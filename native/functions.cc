#include "functions.h"

#include <cmath>

namespace laurel {

void check(napi_env env, napi_status status) {
  if (status == napi_ok) return;
  const napi_extended_error_info* info = nullptr;
  napi_get_last_error_info(env, &info);
  throw std::runtime_error(info != nullptr && info->error_message != nullptr ? info->error_message : "Node-API call failed");
}

Arguments::Arguments(napi_env env, napi_callback_info info) : env_(env) {
  void* data = nullptr;
  check(env, napi_get_cb_info(env, info, &count_, values_, nullptr, &data));
  if (count_ > kMost) count_ = kMost;
  environment_ = static_cast<Environment*>(data);
}

double Arguments::number(size_t index) const {
  double value;
  TORCH_CHECK(index < count_ && napi_get_value_double(env_, values_[index], &value) == napi_ok, "argument ", index + 1, " is not a number");
  return value;
}

int64_t Arguments::integer(size_t index) const {
  const double value = number(index);
  TORCH_CHECK(std::trunc(value) == value && std::fabs(value) <= 9007199254740992.0, "argument ", index + 1, " is not an integer: ", value);
  return static_cast<int64_t>(value);
}

bool Arguments::boolean(size_t index) const {
  bool value;
  TORCH_CHECK(index < count_ && napi_get_value_bool(env_, values_[index], &value) == napi_ok, "argument ", index + 1, " is not a boolean");
  return value;
}

std::string Arguments::text(size_t index) const {
  size_t length = 0;
  TORCH_CHECK(index < count_ && napi_get_value_string_utf8(env_, values_[index], nullptr, 0, &length) == napi_ok, "argument ", index + 1, " is not a string");
  std::string value(length, '\0');
  check(env_, napi_get_value_string_utf8(env_, values_[index], value.data(), length + 1, &length));
  return value;
}

Arguments::Bytes Arguments::bytes(size_t index) const {
  static const size_t widths[] = {1, 1, 1, 2, 2, 4, 4, 4, 8, 8, 8};
  Bytes view{};
  TORCH_CHECK(index < count_ && napi_get_typedarray_info(env_, values_[index], &view.type, &view.length, &view.data, nullptr, nullptr) == napi_ok,
              "argument ", index + 1, " is not a typed array");
  TORCH_CHECK(static_cast<size_t>(view.type) < sizeof(widths) / sizeof(widths[0]), "unsupported typed array");
  view.bytes = view.length * widths[view.type];
  return view;
}

Environment* environmentOf(napi_env env) {
  void* data = nullptr;
  check(env, napi_get_instance_data(env, &data));
  return static_cast<Environment*>(data);
}

napi_value toNumber(napi_env env, double value) {
  napi_value result;
  check(env, napi_create_double(env, value, &result));
  return result;
}

napi_value toBoolean(napi_env env, bool value) {
  napi_value result;
  check(env, napi_get_boolean(env, value, &result));
  return result;
}

napi_value toText(napi_env env, const std::string& value) {
  napi_value result;
  check(env, napi_create_string_utf8(env, value.data(), value.size(), &result));
  return result;
}

napi_value guarded(napi_env env, napi_callback_info info, Body body) {
  try {
    Arguments arguments(env, info);
    return body(arguments);
  } catch (const c10::Error& error) {
    napi_throw_error(env, nullptr, error.what_without_backtrace());
  } catch (const std::exception& error) {
    napi_throw_error(env, nullptr, error.what());
  } catch (...) {
    napi_throw_error(env, nullptr, "unknown native exception");
  }
  return nullptr;
}

}  // namespace laurel
