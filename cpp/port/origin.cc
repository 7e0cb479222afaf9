#include "port/origin.h"

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

std::string Origin::name() const {
  if (rank >= 0) return "rank " + std::to_string(rank);
  return "the peer at " + address + ":" + std::to_string(port);
}

}  // namespace hawser::port
