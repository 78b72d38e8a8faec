#include "CEchoRanker.h"

#include <errno.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

// Little-endian machines only, as all that Jamboree runs on are.

static int read_all(uint8_t *bytes, size_t count) {
  while (count > 0) {
    ssize_t part = read(0, bytes, count);
    if (part < 0 && errno == EINTR) continue;
    if (part <= 0) return 0;
    bytes += part;
    count -= (size_t)part;
  }
  return 1;
}

static int write_all(const uint8_t *bytes, size_t count) {
  while (count > 0) {
    ssize_t part = write(1, bytes, count);
    if (part < 0 && errno == EINTR) continue;
    if (part <= 0) return 0;
    bytes += part;
    count -= (size_t)part;
  }
  return 1;
}

int jamboree_echo_ranker(void) {
  // Length, magic, version 1, all fourteen columns.
  const uint32_t hello[4] = {12, 0x52424D4A, 1, (1 << 14) - 1};
  if (!write_all((const uint8_t *)hello, sizeof hello)) return 1;
  size_t request_capacity = 0, answer_capacity = 0;
  uint8_t *request = NULL, *answer = NULL;
  int code = 0;
  for (;;) {
    uint32_t length;
    if (!read_all((uint8_t *)&length, 4)) break;
    code = 1;
    if (length < 20 || length > 16u << 20) break;
    if (length > request_capacity) {
      uint8_t *grown = realloc(request, length);
      if (!grown) break;
      request = grown;
      request_capacity = length;
    }
    if (!read_all(request, length)) break;
    uint32_t batch, pages, candidates;
    memcpy(&batch, request, 4);
    memcpy(&pages, request + 4, 4);
    memcpy(&candidates, request + 8, 4);
    size_t ids = 20 + (size_t)pages * 24;
    if (length < ids + (size_t)candidates * 8) break;
    size_t size = 12 + (size_t)candidates * 4;
    if (size > answer_capacity) {
      uint8_t *grown = realloc(answer, size);
      if (!grown) break;
      answer = grown;
      answer_capacity = size;
    }
    const uint32_t head[3] = {(uint32_t)(size - 4), batch, candidates};
    memcpy(answer, head, sizeof head);
    for (uint32_t i = 0; i < candidates; i++) {
      uint64_t id;
      memcpy(&id, request + ids + (size_t)i * 8, 8);
      const float score = (float)(id & 0xFFFFFF);
      memcpy(answer + 12 + (size_t)i * 4, &score, 4);
    }
    if (!write_all(answer, size)) break;
    code = 0;
  }
  free(request);
  free(answer);
  return code;
}
