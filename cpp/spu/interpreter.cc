#include "spu/interpreter.h"

#include <dlfcn.h>

#include <atomic>
#include <mutex>
#include <string>

#include "base/text.h"
#include "spu/bridge_source.h"
#include "spu/channel.h"

namespace hawser::spu {
namespace {

std::mutex start_mutex;
std::atomic<bool> is_started{false};
bool start_tried = false;
hawser_spu_error start_error;
// The modules' dicts, for ever.
PyObject* bridge = nullptr;
PyObject* xla = nullptr;

// Extension modules are not linked with libpython: they find its symbols only when these are global, and a JVM loads
// libraries locally.
bool make_python_global(hawser_spu_error* error) {
  Dl_info info;
  if (dladdr(reinterpret_cast<void*>(&Py_InitializeFromConfig), &info) == 0 ||
      dlopen(info.dli_fname, RTLD_NOW | RTLD_GLOBAL | RTLD_NOLOAD) == nullptr) {
    fail(error, HAWSER_INTERNAL, "libpython's symbols cannot be made global");
    return false;
  }
  return true;
}

// Reads pyvenv.cfg beside the environment's python, as that python itself would, but nothing of the user's variables.
PyStatus initialize(const std::string& python) {
  PyConfig config;
  PyConfig_InitIsolatedConfig(&config);
  config.install_signal_handlers = 0;
  PyStatus status = PyConfig_SetBytesString(&config, &config.program_name, python.c_str());
  if (PyStatus_Exception(status) == 0) {
    status = PyConfig_SetBytesString(&config, &config.executable, python.c_str());
  }
  if (PyStatus_Exception(status) == 0) {
    status = Py_InitializeFromConfig(&config);
  }
  PyConfig_Clear(&config);
  return status;
}

PyObject* load_module(const char* name, const char* file, const char* source) {
  const Ref code = checked(Py_CompileString(source, file, Py_file_input));
  const Ref module = checked(PyImport_ExecCodeModule(name, code.get()));
  return Py_NewRef(PyModule_GetDict(module.get()));
}

void load_bridge() {
  bridge = load_module("hawser_bridge", "hawser/bridge.py", bridge_source);
  xla = load_module("hawser_xla", "hawser/xla.py", xla_source);
  PyObject* error = PyDict_GetItemString(bridge, "ChannelError");
  prepare_channels(Ref::copy(error));
}

int32_t start_once(const std::string& environment, hawser_spu_error* error) {
  const std::string python = environment + "/bin/python";
  if (!make_python_global(error)) {
    return error->code;
  }
  if (Py_IsInitialized() != 0) {
    return fail(error, HAWSER_UNSUPPORTED, "another library runs a Python interpreter in this process");
  }
  const PyStatus status = initialize(python);
  if (PyStatus_Exception(status) != 0) {
    const std::string text = "Python does not start in " + environment + ": " +
                             (status.err_msg != nullptr ? status.err_msg : "it would exit");
    return fail(error, HAWSER_UNSUPPORTED, text.c_str());
  }
  int32_t code = HAWSER_OK;
  try {
    load_bridge();
    is_started.store(true, std::memory_order_release);
  } catch (const Raised&) {
    hawser_spu_error raised;
    fail_as_raised(&raised);
    const std::string text = std::string("Python ") + PY_VERSION + " cannot load libspu from " + environment + ": " +
                             raised.text + ". Run scripts/setup, or install the package spu there";
    code = fail(error, HAWSER_UNSUPPORTED, text.c_str());
  }
  // From now on nobody holds the interpreter; this thread enters it like any other.
  PyEval_SaveThread();
  return code;
}

}  // namespace

int32_t fail(hawser_spu_error* error, int32_t code, const char* text) {
  if (error != nullptr) {
    error->code = code;
    copy_text(error->text, text);
  }
  return code;
}

int32_t fail_as_raised(hawser_spu_error* error) {
#if PY_VERSION_HEX >= 0x030c0000
  const Ref exception(PyErr_GetRaisedException());
#else
  PyObject *type = nullptr, *value = nullptr, *trace = nullptr;
  PyErr_Fetch(&type, &value, &trace);
  PyErr_NormalizeException(&type, &value, &trace);
  const Ref type_ref(type), exception(value), trace_ref(trace);
#endif
  PyObject* explain = bridge != nullptr ? PyDict_GetItemString(bridge, "explain") : nullptr;
  if (exception.get() != nullptr && explain != nullptr) {
    const Ref explained(PyObject_CallOneArg(explain, exception.get()));
    if (explained.get() != nullptr && PyTuple_Check(explained.get()) && PyTuple_GET_SIZE(explained.get()) == 2) {
      const long code = PyLong_AsLong(PyTuple_GET_ITEM(explained.get(), 0));
      const char* text = PyUnicode_AsUTF8(PyTuple_GET_ITEM(explained.get(), 1));
      if (text != nullptr) {
        return fail(error, static_cast<int32_t>(code), text);
      }
    }
    PyErr_Clear();
  }
  const Ref text(exception.get() != nullptr ? PyObject_Str(exception.get()) : nullptr);
  const char* words = text.get() != nullptr ? PyUnicode_AsUTF8(text.get()) : nullptr;
  PyErr_Clear();
  return fail(error, HAWSER_INTERNAL, words != nullptr ? words : "an exception without a text");
}

int32_t start(const char* environment, hawser_spu_error* error) {
  const std::lock_guard lock(start_mutex);
  if (!start_tried) {
    start_tried = true;
    start_error.code = HAWSER_OK;
    start_once(environment, &start_error);
  }
  return start_error.code == HAWSER_OK ? HAWSER_OK : fail(error, start_error.code, start_error.text);
}

bool started() { return is_started.load(std::memory_order_acquire); }

Ref call(const char* function, std::initializer_list<PyObject*> arguments) {
  PyObject* found = PyDict_GetItemString(bridge, function);
  if (found == nullptr) {
    found = PyDict_GetItemString(xla, function);
  }
  if (found == nullptr) {
    PyErr_Format(PyExc_SystemError, "neither bridge.py nor xla.py has a function %s", function);
    throw Raised{};
  }
  return checked(PyObject_Vectorcall(found, arguments.begin(), arguments.size(), nullptr));
}

}  // namespace hawser::spu
