// C values to Python objects and back, for the functions of hawser_spu.h; with the interpreter held. They throw Raised.
#pragma once

#include <cstdint>

#include "hawser_spu.h"
#include "spu/objects.h"
#include "spu/python.h"

namespace hawser::spu {

inline Ref integer(int64_t value) { return checked(PyLong_FromLongLong(value)); }

inline Ref text(const char* value) { return checked(PyUnicode_FromString(value == nullptr ? "" : value)); }

// The caller's memory without a copy: only for functions that do not keep it.
inline Ref view(const void* data, int64_t bytes) {
  static char nothing = 0;
  char* start = data == nullptr ? &nothing : static_cast<char*>(const_cast<void*>(data));
  return checked(PyMemoryView_FromMemory(start, static_cast<Py_ssize_t>(bytes), PyBUF_READ));
}

inline Ref bytes_of(const void* data, int64_t bytes) {
  return checked(PyBytes_FromStringAndSize(static_cast<const char*>(data), static_cast<Py_ssize_t>(bytes)));
}

// A list whose items `item(i)` makes.
template <typename Item>
Ref list(int64_t count, Item&& item) {
  Ref made = checked(PyList_New(static_cast<Py_ssize_t>(count)));
  for (int64_t i = 0; i < count; ++i) {
    PyList_SET_ITEM(made.get(), static_cast<Py_ssize_t>(i), item(i).give());
  }
  return made;
}

inline int64_t integer_at(PyObject* tuple, Py_ssize_t index) {
  const long long value = PyLong_AsLongLong(PyTuple_GET_ITEM(tuple, index));
  if (value == -1 && PyErr_Occurred() != nullptr) {
    throw Raised{};
  }
  return value;
}

// Checks what an object is that a handle names, since the fast macros below do not.
inline PyObject* must_be(bool fits, PyObject* object, const char* what) {
  if (!fits) {
    PyErr_Format(PyExc_TypeError, "the handle's object is no %s", what);
    throw Raised{};
  }
  return object;
}

inline Ref shape_of(const hawser_spu_array& array) {
  return list(array.rank, [&](int64_t i) { return integer(array.shape[i]); });
}

// Where an object keeps its bytes, which stay there for as long as it lives.
inline const void* memory_of(PyObject* object, int64_t* bytes) {
  Py_buffer buffer;
  if (PyObject_GetBuffer(object, &buffer, PyBUF_SIMPLE) < 0) {
    throw Raised{};
  }
  const void* start = buffer.buf;
  *bytes = buffer.len;
  PyBuffer_Release(&buffer);
  return start;
}

// Holds each item of a list that has as many as expected.
inline void hold_all(PyObject* items, int32_t count, int64_t* handles) {
  must_be(PyList_Check(items) && PyList_GET_SIZE(items) == count, items, "list of the expected length");
  for (int32_t i = 0; i < count; ++i) {
    handles[i] = hold(Ref::copy(PyList_GET_ITEM(items, i)));
  }
}

}  // namespace hawser::spu
