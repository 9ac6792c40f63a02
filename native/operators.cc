// Any operator of libtorch, found by its schema and called through the boxed dispatcher.
#include "functions.h"
#include "wire.h"

namespace laurel {
namespace {

// find(name, overload) → operator index; throws when this libtorch has no such schema.
napi_value find(Arguments& arguments) {
  auto& environment = arguments.environment();
  const std::string name = arguments.text(0);
  const std::string overload = arguments.text(1);
  const auto found = c10::Dispatcher::singleton().findSchema({name, overload});
  TORCH_CHECK(found.has_value(), "this libtorch has no operator ", name, overload.empty() ? "" : ".", overload);
  environment.operators.push_back(*found);
  return toNumber(arguments.env(), static_cast<double>(environment.operators.size() - 1));
}

napi_value has(Arguments& arguments) {
  const auto found = c10::Dispatcher::singleton().findSchema({arguments.text(0), arguments.text(1)});
  return toBoolean(arguments.env(), found.has_value());
}

const c10::OperatorHandle& operatorAt(Arguments& arguments, size_t index) {
  const auto& operators = arguments.environment().operators;
  const int64_t position = arguments.integer(index);
  TORCH_CHECK(position >= 0 && static_cast<size_t>(position) < operators.size(), "unknown operator");
  return operators[static_cast<size_t>(position)];
}

napi_value schema(Arguments& arguments) {
  return toText(arguments.env(), c10::toString(operatorAt(arguments, 0).schema()));
}

torch::jit::Stack readStack(Environment& environment, const c10::FunctionSchema& schema, size_t wireWords) {
  WireReader reader(environment, wireWords);
  torch::jit::Stack stack;
  stack.reserve(schema.arguments().size());
  for (const auto& argument : schema.arguments()) {
    if (reader.peek() == Tag::kAbsent) {
      if (!reader.done()) reader.skip();
      const bool optional = argument.type()->kind() == c10::TypeKind::OptionalType;
      TORCH_CHECK(argument.default_value().has_value() || optional, "missing argument '", argument.name(), "'; the schema is ", schema);
      stack.push_back(argument.default_value().has_value() ? *argument.default_value() : c10::IValue());
      continue;
    }
    try {
      stack.push_back(reader.read(argument.type()));
    } catch (const c10::Error& error) {
      TORCH_CHECK(false, "argument '", argument.name(), "': ", error.what_without_backtrace());
    }
  }
  TORCH_CHECK(reader.done(), "too many arguments; the schema is ", schema);
  return stack;
}

// call(operator, words on the wire, keepResults) → words of results on the wire.
napi_value call(Arguments& arguments) {
  auto& environment = arguments.environment();
  const auto& handle = operatorAt(arguments, 0);
  auto stack = readStack(environment, handle.schema(), static_cast<size_t>(arguments.integer(1)));
  handle.callBoxed(stack);
  WireWriter writer(environment);
  if (arguments.boolean(2))
    for (const auto& value : stack) writer.write(value);
  return toNumber(arguments.env(), static_cast<double>(writer.length()));
}

std::string unconvertible(const c10::FunctionSchema& schema) {
  for (const auto& argument : schema.arguments())
    if (!isReadable(argument.type())) return argument.name() + ": " + argument.type()->str();
  for (const auto& result : schema.returns())
    if (!isWritable(result.type())) return "returns " + result.type()->str();
  return "";
}

// operators() → [full name, what cannot cross or '', …] for every schema the dispatcher knows.
napi_value operators(Arguments& arguments) {
  napi_value list;
  check(arguments.env(), napi_create_array(arguments.env(), &list));
  uint32_t position = 0;
  for (const auto& name : c10::Dispatcher::singleton().getAllOpNames()) {
    const auto found = c10::Dispatcher::singleton().findSchema(name);
    if (!found.has_value()) continue;
    check(arguments.env(), napi_set_element(arguments.env(), list, position++, toText(arguments.env(), c10::toString(name))));
    check(arguments.env(), napi_set_element(arguments.env(), list, position++, toText(arguments.env(), unconvertible(found->schema()))));
  }
  return list;
}

napi_value intern(Arguments& arguments) {
  return toNumber(arguments.env(), internString(arguments.environment(), arguments.text(0)));
}

napi_value stringAt(Arguments& arguments) {
  const auto& strings = arguments.environment().strings;
  const auto index = static_cast<size_t>(arguments.integer(0));
  TORCH_CHECK(index < strings.size(), "unknown string");
  return toText(arguments.env(), strings[index]);
}

}  // namespace

void defineOperators(napi_env env, napi_value exports) {
  define<find>(env, exports, "find");
  define<has>(env, exports, "has");
  define<schema>(env, exports, "schema");
  define<call>(env, exports, "call");
  define<operators>(env, exports, "operators");
  define<intern>(env, exports, "intern");
  define<stringAt>(env, exports, "stringAt");
}

}  // namespace laurel
