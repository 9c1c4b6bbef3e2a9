/* SPDX-License-Identifier: LGPL-2.1-or-later */

/* Fuzzes: core/net/linux/plum-netlink.c */

#include "fuzz.h"

#include <string.h>
#include <sys/socket.h>

#include "plum-netlink-private.h"

static void
check_route (const PlumNetlinkMessage *message)
{
  g_autoptr (GError) error = NULL;
  PlumNetlinkRoute route;

  if (!plum_netlink_decode_route (message, &route, &error))
    {
      g_assert_error (error, PLUM_ERROR, PLUM_ERROR_MALFORMED);
      return;
    }

  g_assert_true (route.family == AF_INET || route.family == AF_INET6);
  g_assert_true (route.next_hop.gateway_family == AF_UNSPEC ||
                 route.next_hop.gateway_family == AF_INET ||
                 route.next_hop.gateway_family == AF_INET6);
}

static void
check_link (const PlumNetlinkMessage *message)
{
  g_autoptr (GError) error = NULL;
  PlumNetlinkLink link;

  if (!plum_netlink_decode_link (message, &link, &error))
    {
      g_assert_error (error, PLUM_ERROR, PLUM_ERROR_MALFORMED);
      return;
    }

  g_assert_nonnull (memchr (link.name, '\0', sizeof link.name));
}

static void
check_address (const PlumNetlinkMessage *message)
{
  g_autoptr (GError) error = NULL;
  PlumNetlinkAddress address;

  if (!plum_netlink_decode_address (message, &address, &error))
    g_assert_error (error, PLUM_ERROR, PLUM_ERROR_MALFORMED);
}

static void
check_error (const PlumNetlinkMessage *message)
{
  g_autoptr (GError) error = NULL;
  int number;

  if (plum_netlink_decode_error (message, &number, &error))
    /* The value is passed to strerror (). */
    g_assert_cmpint (number, >=, 0);
  else
    g_assert_error (error, PLUM_ERROR, PLUM_ERROR_MALFORMED);
}

int
LLVMFuzzerTestOneInput (const uint8_t *data, size_t size)
{
  PlumNetlinkReader reader = PLUM_NETLINK_READER_INIT (data, size);
  PlumNetlinkMessage message;
  g_autoptr (GError) error = NULL;
  size_t n_messages = 0;

  while (plum_netlink_reader_next (&reader, &message, &error))
    {
      g_assert_true (message.payload >= data && message.payload_len <= size);
      g_assert_true (message.payload + message.payload_len <= data + size);
      /* Each message has a header of 16 bytes, so the iteration terminates. */
      g_assert_cmpuint (++n_messages, <=, size / 16);

      /* Pass the message to all decoders, which must accept any bytes. */
      check_route (&message);
      check_link (&message);
      check_address (&message);
      check_error (&message);
    }

  if (error != NULL)
    g_assert_error (error, PLUM_ERROR, PLUM_ERROR_MALFORMED);
  return 0;
}
