#include "port/origin.h"

#include <cstdlib>

namespace hawser::port {

void Origin::write(Writer& to) const {
  to.put(id);
  to.put(rank);
  to.put_text(host);
  to.put_text(process);
  to.put_text(door);
  to.put_text(address);
  to.put(port);
}

Origin Origin::read(Reader& from) {
  Origin origin;
  origin.id = from.get<decltype(origin.id)>();
  origin.rank = from.get<int32_t>();
  origin.host = from.get_text();
  origin.process = from.get_text();
  origin.door = from.get_text();
  origin.address = from.get_text();
  origin.port = from.get<uint16_t>();
  return origin;
}

int32_t Origin::pid() const {
  const size_t at = process.rfind(' ');
  return at == std::string::npos ? 0 : static_cast<int32_t>(std::strtol(process.c_str() + at, nullptr, 10));
}

std::string Origin::name() const {
  if (rank >= 0) return "rank " + std::to_string(rank);
  return "the peer at " + address + ":" + std::to_string(port);
}

}  // namespace hawser::port
