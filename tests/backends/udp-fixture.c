/* SPDX-License-Identifier: LGPL-2.1-or-later */

#include "udp-fixture.h"

#include "natpmp-backend.h"
#include "pcp-backend.h"

const UdpProtocol udp_pcp = {
  .name = "pcp",
  .label = "PCP",
  .gateway = "127.51.1.1",
  .other_gateway = "127.51.1.2",
  .get_type = plum_pcp_backend_get_type,
  .mode = G_STRUCT_OFFSET (FakeSwitches, pcp),
  .probes = G_STRUCT_OFFSET (FakeCounts, pcp_announce),
  .maps = G_STRUCT_OFFSET (FakeCounts, pcp_map),
  .unmaps = G_STRUCT_OFFSET (FakeCounts, pcp_unmap),
  .n_for_address = 0,
  .window = 32,
  .hold_result = 2,
  .hold_error = PLUM_ERROR_REFUSED,
  .hold_s = 300,
};

const UdpProtocol udp_natpmp = {
  .name = "natpmp",
  .label = "NAT-PMP",
  .gateway = "127.52.1.1",
  .other_gateway = "127.52.1.2",
  .get_type = plum_natpmp_backend_get_type,
  .mode = G_STRUCT_OFFSET (FakeSwitches, natpmp),
  .probes = G_STRUCT_OFFSET (FakeCounts, natpmp_address),
  .maps = G_STRUCT_OFFSET (FakeCounts, natpmp_map),
  .unmaps = G_STRUCT_OFFSET (FakeCounts, natpmp_unmap),
  .n_for_address = 1,
  .window = 1,
  .hold_result = 3,
  .hold_error = PLUM_ERROR_NO_RESOURCES,
  .hold_s = 30,
};

const UdpProtocol *udp_protocol;

static void
set_up (BackendFixture *f, const UdpProtocol *protocol)
{
  udp_protocol = protocol;
  backend_fixture_set_up (f, protocol->get_type (), protocol->gateway);
}

static void
set_up_pcp (BackendFixture *f, gconstpointer data)
{
  set_up (f, &udp_pcp);
}

static void
set_up_natpmp (BackendFixture *f, gconstpointer data)
{
  set_up (f, &udp_natpmp);
}

static void
tear_down (BackendFixture *f, gconstpointer data)
{
  backend_fixture_tear_down (f);
}

void
udp_add_for (const UdpProtocol *protocol, const char *path, gconstpointer data, BackendTest test)
{
  g_autofree char *full_path = g_strconcat ("/", protocol->name, "/", path, NULL);

  g_test_add (full_path, BackendFixture, data, protocol == &udp_pcp ? set_up_pcp : set_up_natpmp,
              test, tear_down);
}

void
udp_add (const char *path, gconstpointer data, BackendTest test)
{
  udp_add_for (&udp_pcp, path, data, test);
  udp_add_for (&udp_natpmp, path, data, test);
}

void
udp_set_mode (BackendFixture *f, FakeMode mode)
{
  G_STRUCT_MEMBER (FakeMode, &f->gateway->switches, udp_protocol->mode) = mode;
}

guint
udp_count (BackendFixture *f, size_t offset)
{
  return G_STRUCT_MEMBER (guint, &f->gateway->counts, offset);
}

void
udp_assert_message (PlumCall *call, const char *format, ...)
{
  g_autofree char *message = NULL;
  va_list args;

  va_start (args, format);
  message = g_strdup_vprintf (format, args);
  va_end (args);
  g_assert_nonnull (plum_call_get_error (call));
  g_assert_cmpstr (plum_call_get_error (call)->message, ==, message);
}
