// How a native function meets Node-API: arguments as numbers, C++ exceptions as JavaScript errors.
#pragma once

#include <string>

#include "environment.h"

namespace laurel {

// The arguments of one call, checked when they are read.
class Arguments {
 public:
  Arguments(napi_env env, napi_callback_info info);
  Environment& environment() const { return *environment_; }
  napi_env env() const { return env_; }
  size_t count() const { return count_; }
  napi_value at(size_t index) const { return values_[index]; }
  double number(size_t index) const;
  int64_t integer(size_t index) const;
  bool boolean(size_t index) const;
  std::string text(size_t index) const;

  // A typed array's memory; null where its buffer has been detached.
  struct Bytes {
    napi_typedarray_type type;
    void* data;
    size_t length;
    size_t bytes;
  };
  Bytes bytes(size_t index) const;

 private:
  static constexpr size_t kMost = 6;
  napi_env env_;
  Environment* environment_ = nullptr;
  napi_value values_[kMost];
  size_t count_ = kMost;
};

napi_value toNumber(napi_env env, double value);
napi_value toBoolean(napi_env env, bool value);
napi_value toText(napi_env env, const std::string& value);
void check(napi_env env, napi_status status);
Environment* environmentOf(napi_env env);

using Body = napi_value (*)(Arguments&);

// Turns a C++ exception of any kind into a JavaScript one; nothing may unwind through Node-API.
napi_value guarded(napi_env env, napi_callback_info info, Body body);

template <Body body>
napi_value callback(napi_env env, napi_callback_info info) {
  return guarded(env, info, body);
}

template <Body body>
void define(napi_env env, napi_value exports, const char* name) {
  napi_value function;
  check(env, napi_create_function(env, name, NAPI_AUTO_LENGTH, callback<body>, environmentOf(env), &function));
  check(env, napi_set_named_property(env, exports, name, function));
}

void defineOperators(napi_env env, napi_value exports);
void defineTensors(napi_env env, napi_value exports);
void defineBuffers(napi_env env, napi_value exports);
void defineAutograd(napi_env env, napi_value exports);
void defineGenerators(napi_env env, napi_value exports);
void defineSystem(napi_env env, napi_value exports);
void defineMemory(napi_env env, napi_value exports);
void defineProfiler(napi_env env, napi_value exports);

}  // namespace laurel
