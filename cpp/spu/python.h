// References to Python objects, and the interpreter's lock. Everything here needs the lock held unless it says
// otherwise.
#pragma once

#define PY_SSIZE_T_CLEAN
#include <Python.h>
#include <structmember.h>

#include <cstdint>
#include <utility>

namespace hawser::spu {

// A Python exception is set: thrown inside this library only, and turned to an error at its boundary.
struct Raised {};

// Owns one reference, or none.
class Ref {
 public:
  Ref() = default;
  explicit Ref(PyObject* owned) : object_(owned) {}
  Ref(Ref&& other) noexcept : object_(std::exchange(other.object_, nullptr)) {}
  Ref& operator=(Ref&& other) noexcept {
    std::swap(object_, other.object_);
    return *this;
  }
  Ref(const Ref&) = delete;
  Ref& operator=(const Ref&) = delete;
  ~Ref() { Py_XDECREF(object_); }

  static Ref copy(PyObject* borrowed) { return Ref(Py_NewRef(borrowed)); }
  PyObject* get() const { return object_; }
  PyObject* give() { return std::exchange(object_, nullptr); }

 private:
  PyObject* object_ = nullptr;
};

// Takes over what a function of Python's API returned. Throws Raised for null.
inline Ref checked(PyObject* owned) {
  if (owned == nullptr) {
    throw Raised{};
  }
  return Ref(owned);
}

// Keeps a thread's Python state from its first entry to its end: to make and free one with every entry costs as much as
// a message.
class KeptState {
 public:
  // With the interpreter held.
  void keep() {
    if (!kept_) {
      kept_ = true;
      PyGILState_Ensure();
    }
  }
  ~KeptState() {
    if (kept_) {
      const PyGILState_STATE state = PyGILState_Ensure();
      PyGILState_Release(PyGILState_LOCKED);
      PyGILState_Release(state);
    }
  }

 private:
  bool kept_ = false;
};

inline thread_local KeptState kept_state;

// Enters the interpreter, from any thread, also from one that is in it.
class Entered {
 public:
  Entered() : state_(PyGILState_Ensure()) { kept_state.keep(); }
  ~Entered() { PyGILState_Release(state_); }
  Entered(const Entered&) = delete;
  Entered& operator=(const Entered&) = delete;

 private:
  PyGILState_STATE state_;
};

// Leaves the interpreter for its scope, so that other threads may enter: around whatever can wait.
class Left {
 public:
  Left() : state_(PyEval_SaveThread()) {}
  ~Left() { PyEval_RestoreThread(state_); }
  Left(const Left&) = delete;
  Left& operator=(const Left&) = delete;

 private:
  PyThreadState* state_;
};

}  // namespace hawser::spu
