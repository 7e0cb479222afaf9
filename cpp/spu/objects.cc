#include "spu/objects.h"

#include <atomic>
#include <memory>
#include <new>
#include <unordered_map>

namespace hawser::spu {
namespace {

// Many threads push, one at a time takes everything: a node is never pushed again while others may look at it, so there
// is no ABA.
template <typename Node>
class Stack {
 public:
  void push(Node* node) {
    Node* top = top_.load(std::memory_order_relaxed);
    do {
      node->next = top;
      // Release: who takes the node sees what its pusher did before, such as reading the message's last byte.
    } while (!top_.compare_exchange_weak(top, node, std::memory_order_release, std::memory_order_relaxed));
  }
  Node* take_all() {
    // The usual case is an empty stack, which a plain load tells without owning the cache line.
    if (top_.load(std::memory_order_relaxed) == nullptr) {
      return nullptr;
    }
    return top_.exchange(nullptr, std::memory_order_acquire);
  }

 private:
  std::atomic<Node*> top_{nullptr};
};

struct Token {
  PyObject* bytes;
  Token* next;
};

struct Release {
  int64_t handle;
  Release* next;
};

Stack<Token> sent_tokens;
Stack<Release> releases;

// The interpreter's lock guards what follows. Never destroyed: threads of libspu outlive static objects.
std::unordered_map<int64_t, PyObject*>& objects() {
  static auto* map = new std::unordered_map<int64_t, PyObject*>;
  return *map;
}
int64_t last_handle = 0;
Token* spare_tokens = nullptr;
int64_t tokens = 0;

}  // namespace

int64_t hold(Ref object) {
  const int64_t handle = ++last_handle;
  objects().emplace(handle, object.get());
  object.give();
  return handle;
}

PyObject* held(int64_t handle) {
  const auto found = objects().find(handle);
  if (found == objects().end()) {
    PyErr_Format(PyExc_ReferenceError, "handle %lld is none of libspu's objects: it was closed",
                 static_cast<long long>(handle));
    throw Raised{};
  }
  return found->second;
}

int64_t hold_until_sent(PyObject* bytes) {
  Token* token = spare_tokens;
  if (token != nullptr) {
    spare_tokens = token->next;
  } else {
    token = new Token;
  }
  token->bytes = Py_NewRef(bytes);
  ++tokens;
  return static_cast<int64_t>(reinterpret_cast<intptr_t>(token));
}

void release(int64_t handle) {
  if (auto* node = new (std::nothrow) Release{handle, nullptr}) {
    releases.push(node);
  }
}

void sent(int64_t token) { sent_tokens.push(reinterpret_cast<Token*>(static_cast<intptr_t>(token))); }

void drop_sent() {
  for (Token* token = sent_tokens.take_all(); token != nullptr;) {
    Token* next = token->next;
    Py_DECREF(token->bytes);
    token->next = spare_tokens;
    spare_tokens = token;
    --tokens;
    token = next;
  }
}

void drop_released() {
  for (Release* node = releases.take_all(); node != nullptr;) {
    const std::unique_ptr<Release> gone(node);
    node = node->next;
    const auto found = objects().find(gone->handle);
    if (found != objects().end()) {
      const Ref last(found->second);
      objects().erase(found);
    }
  }
}

int64_t live_objects() { return static_cast<int64_t>(objects().size()); }
int64_t live_tokens() { return tokens; }

}  // namespace hawser::spu
