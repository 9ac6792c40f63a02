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
  environment.operators.push_back(planOf(*found));
  return toNumber(arguments.env(), static_cast<double>(environment.operators.size() - 1));
}

napi_value has(Arguments& arguments) {
  const auto found = c10::Dispatcher::singleton().findSchema({arguments.text(0), arguments.text(1)});
  return toBoolean(arguments.env(), found.has_value());
}

const Operator& operatorAt(Arguments& arguments, size_t index) {
  const auto& operators = arguments.environment().operators;
  const int64_t position = arguments.integer(index);
  TORCH_CHECK(position >= 0 && static_cast<size_t>(position) < operators.size(), "unknown operator");
  return operators[static_cast<size_t>(position)];
}

napi_value schema(Arguments& arguments) {
  return toText(arguments.env(), c10::toString(operatorAt(arguments, 0).handle.schema()));
}

const std::string& nameOf(const Operator& called, size_t argument) {
  return called.handle.schema().arguments()[argument].name();
}

void readDefault(const Operator& called, size_t argument, torch::jit::Stack& stack) {
  const auto& plan = called.arguments[argument];
  TORCH_CHECK(plan.hasDefault, "missing argument '", nameOf(called, argument), "'; the schema is ", called.handle.schema());
  stack.push_back(plan.defaultValue);
}

void readGiven(const Operator& called, size_t argument, WireReader& reader, torch::jit::Stack& stack) {
  try {
    stack.push_back(reader.read(called.arguments[argument]));
  } catch (const c10::Error& error) {
    TORCH_CHECK(false, "argument '", nameOf(called, argument), "': ", error.what_without_backtrace());
  }
}

void readArguments(Environment& environment, const Operator& called, int64_t words) {
  WireReader reader(environment, words);
  for (size_t i = 0; i < called.arguments.size(); ++i) {
    if (reader.peek() != Tag::kAbsent) {
      readGiven(called, i, reader, environment.stack);
      continue;
    }
    if (!reader.done()) reader.skip();
    readDefault(called, i, environment.stack);
  }
  TORCH_CHECK(reader.done(), "too many arguments; the schema is ", called.handle.schema());
}

// call(operator, words on the wire, keepResults) → words of results on the wire.
napi_value call(Arguments& arguments) {
  auto& environment = arguments.environment();
  const Operator& called = operatorAt(arguments, 0);
  const int64_t words = arguments.integer(1);
  const bool keepResults = arguments.boolean(2);
  struct Clear {
    torch::jit::Stack& stack;
    ~Clear() { stack.clear(); }
  } clear{environment.stack};
  readArguments(environment, called, words);
  called.handle.callBoxed(environment.stack);
  const size_t results = keepResults ? writeResults(environment, environment.stack) : 0;
  return toNumber(arguments.env(), static_cast<double>(results));
}

std::string unconvertible(const c10::FunctionSchema& schema) {
  for (const auto& argument : schema.arguments())
    if (planOf(argument).kind == Kind::kUnsupported) return argument.name() + ": " + argument.real_type()->str();
  for (const auto& result : schema.returns())
    if (!isReturnable(result.type())) return "returns " + result.type()->str();
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
  return toNumber(arguments.env(), arguments.environment().strings.insert(arguments.text(0)));
}

napi_value stringAt(Arguments& arguments) {
  return toText(arguments.env(), arguments.environment().strings.at(arguments.number(0)));
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
