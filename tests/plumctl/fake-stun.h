/* SPDX-License-Identifier: LGPL-2.1-or-later */

#pragma once

#include <gio/gio.h>

typedef enum {
  FAKE_STUN_GOOD,
  FAKE_STUN_SILENT,
  FAKE_STUN_FOURTH_ONLY, /* answers the last repetition of each request */
  FAKE_STUN_WRONG_TRANSACTION,
  FAKE_STUN_WRONG_SOURCE,
  FAKE_STUN_TRUNCATED,
  FAKE_STUN_ERROR,
  FAKE_STUN_UNKNOWN_ATTRIBUTE,
  FAKE_STUN_NOISE_FIRST, /* sends what is no answer before each answer */
  FAKE_STUN_NO_OTHER,
  FAKE_STUN_OTHER_SAME_ADDRESS,
  FAKE_STUN_OTHER_PRIVATE,
  FAKE_STUN_OTHER_IPV6,
  FAKE_STUN_CHANGE_SILENT,
  FAKE_STUN_CHANGE_IGNORED, /* answers from the same address */
  FAKE_STUN_CHANGE_ERROR,
  FAKE_STUN_CHANGE_STRAY,      /* answers from an address that it did not name */
  FAKE_STUN_CHANGE_BEHIND_NAT, /* silent, and RESPONSE-ORIGIN differs from its address */
  FAKE_STUN_CHANGE_WRONG_TRANSACTION,
} FakeStunFault;

/* A STUN server of RFC 5780 on three loopback addresses, in the main context of the test. */
typedef struct
{
  FakeStunFault fault;
  GSocket *primary;
  GSocket *other;
  GSocket *stranger; /* an address that the server does not name */
  GSource *source;
  char *name; /* of the primary: "127.60.1.1:3478" */
  char *other_name;
  char *stranger_name;
  guint n_plain; /* requests */
  guint n_change;
} FakeStun;

void fake_stun_start (FakeStun *self, FakeStunFault fault);
void fake_stun_stop (FakeStun *self);
/* Of the primary. (transfer full) */
GInetAddress *fake_stun_dup_address (FakeStun *self);
