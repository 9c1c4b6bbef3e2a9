/* SPDX-License-Identifier: LGPL-2.1-or-later */

#pragma once

#include "backend-fixture.h"

G_BEGIN_DECLS

/* The protocols on a PlumUdpSession. What they do alike is tested once, in a test for each. */
typedef struct
{
  const char *name;  /* in test paths */
  const char *label; /* in messages */
  const char *gateway;
  const char *other_gateway;
  GType (*get_type) (void);
  size_t mode;   /* offsets, in FakeSwitches */
  size_t probes; /* in FakeCounts */
  size_t maps;
  size_t unmaps;
  guint n_for_address; /* datagrams that the first map sends for the external address */
  guint window;
  guint hold_result; /* a result that is not tried again, its error and its hold in seconds */
  int hold_error;
  guint hold_s;
} UdpProtocol;

extern const UdpProtocol udp_pcp;
extern const UdpProtocol udp_natpmp;
/* Of the test that runs. */
extern const UdpProtocol *udp_protocol;

/* Adds /NAME/PATH for one protocol, or for each. */
void udp_add_for (const UdpProtocol *protocol,
                  const char *path,
                  gconstpointer data,
                  BackendTest test);
void udp_add (const char *path, gconstpointer data, BackendTest test);

void udp_set_mode (BackendFixture *f, FakeMode mode);
guint udp_count (BackendFixture *f, size_t offset);
void udp_assert_message (PlumCall *call, const char *format, ...) G_GNUC_PRINTF (2, 3);

G_END_DECLS
