#include "spu/channel.h"

#include <cstddef>
#include <string_view>

#include "base/ranges.h"
#include "spu/objects.h"

namespace hawser::spu {
namespace {

// What a channel's methods share; the interpreter's lock guards `methods`.
struct Channel {
  hawser_spu_channel ops;
  int64_t id;
  int methods;
};

// A callable, but no builtin function: libspu's trampoline takes those for its own and would not call them.
struct Method {
  PyObject ob_base;
  vectorcallfunc call;
  Channel* channel;
  int32_t what;  // a hawser_spu_sending or hawser_spu_request
};

PyObject* method_type = nullptr;
PyObject* channel_error = nullptr;
int64_t channels = 0;

// Initialised cheaply: most calls do not fail.
struct Answer {
  hawser_spu_error error;
  Answer() {
    error.code = HAWSER_OK;
    error.text[0] = '\0';
  }
};

PyObject* raise(const Answer& answer, const Method& method) {
  if (answer.error.text[0] == '\0') {
    PyErr_Format(channel_error, "channel %lld failed", static_cast<long long>(method.channel->id));
  } else {
    // Truncated text may end within a character.
    const std::string_view text(answer.error.text);
    if (const Ref message{PyUnicode_DecodeUTF8(text.data(), static_cast<Py_ssize_t>(text.size()), "replace")};
        message.get() != nullptr) {
      PyErr_SetObject(channel_error, message.get());
    }
  }
  return nullptr;
}

bool takes(size_t flags, PyObject* names, Py_ssize_t count) {
  if (names == nullptr && PyVectorcall_NARGS(flags) == count) {
    return true;
  }
  PyErr_Format(PyExc_TypeError, "a channel's method takes %zd arguments", count);
  return false;
}

// The key's text, kept by the Python object; null when a Python exception is set.
const char* key_of(PyObject* object, int32_t* bytes) {
  Py_ssize_t size = 0;
  const char* key = PyUnicode_AsUTF8AndSize(object, &size);
  *bytes = static_cast<int32_t>(size);
  return key;
}

PyObject* send(PyObject* self, PyObject* const* arguments, size_t flags, PyObject* names) try {
  const auto& method = *reinterpret_cast<Method*>(self);
  if (!takes(flags, names, 2)) {
    return nullptr;
  }
  int32_t key_bytes = 0;
  const char* key = key_of(arguments[0], &key_bytes);
  if (key == nullptr) {
    return nullptr;
  }
  PyObject* value = arguments[1];
  if (!PyBytes_Check(value)) {
    PyErr_SetString(PyExc_TypeError, "a channel sends bytes");
    return nullptr;
  }
  drop_sent();
  const int64_t token = hold_until_sent(value);
  Answer answer;
  int32_t result;
  {
    // The caller's references keep key and value alive meanwhile.
    const Left left;
    const Channel& channel = *method.channel;
    const ranges::Range range("upcall send", static_cast<uint64_t>(PyBytes_GET_SIZE(value)));
    result = channel.ops.send(channel.id, method.what, key, key_bytes, PyBytes_AS_STRING(value),
                              PyBytes_GET_SIZE(value), token, &answer.error);
  }
  if (method.what != HAWSER_SPU_SEND && result != 1) {
    sent(token);
  }
  drop_sent();
  return result < 0 ? raise(answer, method) : Py_NewRef(Py_None);
} catch (const std::bad_alloc&) {
  return PyErr_NoMemory();
}

PyObject* receive(PyObject* self, PyObject* const* arguments, size_t flags, PyObject* names) {
  const auto& method = *reinterpret_cast<Method*>(self);
  if (!takes(flags, names, 1)) {
    return nullptr;
  }
  int32_t key_bytes = 0;
  const char* key = key_of(arguments[0], &key_bytes);
  if (key == nullptr) {
    return nullptr;
  }
  const Channel& channel = *method.channel;
  Answer answer;
  int64_t bytes;
  {
    const Left left;
    const ranges::Range range("upcall receive");
    bytes = channel.ops.recv(channel.id, key, key_bytes, &answer.error);
  }
  drop_sent();
  if (bytes < 0) {
    return raise(answer, method);
  }
  Ref value(PyBytes_FromStringAndSize(nullptr, static_cast<Py_ssize_t>(bytes)));
  int32_t result;
  {
    // Nobody else knows the new bytes yet: they may be written without the lock.
    const Left left;
    const ranges::Range range("upcall take", static_cast<uint64_t>(bytes));
    result =
        channel.ops.take(channel.id, value.get() == nullptr ? nullptr : PyBytes_AS_STRING(value.get()), &answer.error);
  }
  return value.get() != nullptr && result < 0 ? raise(answer, method) : value.give();
}

PyObject* request(PyObject* self, PyObject* const* arguments, size_t flags, PyObject* names) {
  const auto& method = *reinterpret_cast<Method*>(self);
  const bool with_argument =
      method.what == HAWSER_SPU_TEST_SEND || method.what == HAWSER_SPU_SET_THROTTLE_WINDOW_SIZE ||
      method.what == HAWSER_SPU_SET_CHUNK_PARALLEL_SEND_SIZE || method.what == HAWSER_SPU_SET_RECV_TIMEOUT;
  if (!takes(flags, names, with_argument ? 1 : 0)) {
    return nullptr;
  }
  const long long argument = with_argument ? PyLong_AsLongLong(arguments[0]) : 0;
  if (argument == -1 && PyErr_Occurred() != nullptr) {
    return nullptr;
  }
  Answer answer;
  int64_t result;
  {
    const Left left;
    const Channel& channel = *method.channel;
    const ranges::Range range("upcall request");
    result = channel.ops.request(channel.id, method.what, argument, &answer.error);
  }
  drop_sent();
  if (result < 0) {
    return raise(answer, method);
  }
  return method.what == HAWSER_SPU_GET_RECV_TIMEOUT ? PyLong_FromLongLong(result) : Py_NewRef(Py_None);
}

void drop(Channel* channel) {
  if (--channel->methods == 0) {
    channel->ops.dropped(channel->id);
    delete channel;
    --channels;
  }
}

void dealloc(PyObject* self) {
  PyTypeObject* type = Py_TYPE(self);
  drop(reinterpret_cast<Method*>(self)->channel);
  type->tp_free(self);
  Py_DECREF(type);
}

struct Named {
  const char* name;
  vectorcallfunc call;
  int32_t what;
};

// The C++ names, which are what libspu's trampoline looks up.
constexpr Named named_methods[] = {
    {"Send", send, HAWSER_SPU_SEND},
    {"SendAsync", send, HAWSER_SPU_SEND_ASYNC},
    {"SendAsyncThrottled", send, HAWSER_SPU_SEND_ASYNC_THROTTLED},
    {"Recv", receive, 0},
    {"TestSend", request, HAWSER_SPU_TEST_SEND},
    {"TestRecv", request, HAWSER_SPU_TEST_RECV},
    {"WaitLinkTaskFinish", request, HAWSER_SPU_WAIT_LINK_TASK_FINISH},
    {"Abort", request, HAWSER_SPU_ABORT},
    {"SetThrottleWindowSize", request, HAWSER_SPU_SET_THROTTLE_WINDOW_SIZE},
    {"SetChunkParallelSendSize", request, HAWSER_SPU_SET_CHUNK_PARALLEL_SEND_SIZE},
    {"SetRecvTimeout", request, HAWSER_SPU_SET_RECV_TIMEOUT},
    {"GetRecvTimeout", request, HAWSER_SPU_GET_RECV_TIMEOUT},
};

Ref new_method(Channel* channel, const Named& named) {
  Ref object = checked(PyType_GenericAlloc(reinterpret_cast<PyTypeObject*>(method_type), 0));
  auto* method = reinterpret_cast<Method*>(object.get());
  method->call = named.call;
  method->channel = channel;
  method->what = named.what;
  ++channel->methods;
  return object;
}

}  // namespace

void prepare_channels(Ref error) {
  static PyMemberDef members[] = {
      {"__vectorcalloffset__", T_PYSSIZET, offsetof(Method, call), READONLY, nullptr},
      {nullptr, 0, 0, 0, nullptr},
  };
  static PyType_Slot slots[] = {
      {Py_tp_members, members},
      {Py_tp_call, reinterpret_cast<void*>(PyVectorcall_Call)},
      {Py_tp_dealloc, reinterpret_cast<void*>(dealloc)},
      {0, nullptr},
  };
  static PyType_Spec spec = {"hawser.ChannelMethod", sizeof(Method), 0,
                             Py_TPFLAGS_DEFAULT | Py_TPFLAGS_HAVE_VECTORCALL | Py_TPFLAGS_DISALLOW_INSTANTIATION,
                             slots};
  method_type = checked(PyType_FromSpec(&spec)).give();
  channel_error = error.give();
}

Ref channel_methods(const hawser_spu_channel& ops, int64_t channel) {
  Ref methods = checked(PyDict_New());
  // One more than its methods until all are made, so that a failure half-way drops it once.
  auto* shared = new Channel{ops, channel, 1};
  ++channels;
  struct Guard {
    Channel* channel;
    ~Guard() { drop(channel); }
  } const guard{shared};
  for (const Named& named : named_methods) {
    const Ref method = new_method(shared, named);
    if (PyDict_SetItemString(methods.get(), named.name, method.get()) < 0) {
      throw Raised{};
    }
  }
  return methods;
}

int64_t live_channels() { return channels; }

}  // namespace hawser::spu
