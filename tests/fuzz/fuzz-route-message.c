/* SPDX-License-Identifier: LGPL-2.1-or-later */

/* Fuzzes: core/net/portable/plum-route-message.c and plum-route-choice.c */

#include "fuzz.h"

#include "plum-route-choice-private.h"

static const PlumRouteLayout *const layouts[] = {
  &plum_route_layout_freebsd,
  &plum_route_layout_openbsd,
  &plum_route_layout_macos,
};

static void
check_message (const PlumRouteMessage *message)
{
  g_assert_true (message->family == G_SOCKET_FAMILY_INVALID ||
                 message->family == G_SOCKET_FAMILY_IPV4 ||
                 message->family == G_SOCKET_FAMILY_IPV6);
  g_assert_cmpuint (message->prefix_len, <=, message->family == G_SOCKET_FAMILY_IPV4 ? 32 : 128);
  g_assert_false (message->has_gateway && message->has_link_address);
  g_assert_false (message->has_gateway && message->family == G_SOCKET_FAMILY_INVALID);
}

static void
check_choice (GArray *routes)
{
  g_autoptr (GInetAddress) ipv4 = g_inet_address_new_from_string ("198.41.0.4");
  g_autoptr (GInetAddress) ipv6 = g_inet_address_new_from_string ("2001:503:ba3e::2:30");
  const PlumRouteMessage *found[] = { plum_route_choice_find (routes, ipv4, 0),
                                      plum_route_choice_find (routes, ipv6, 0) };
  g_autoptr (GArray) indexes = plum_route_choice_list_interfaces (routes);

  g_assert_cmpuint (indexes->len, <=, routes->len);
  for (gsize i = 0; i < G_N_ELEMENTS (found); i++)
    {
      g_autoptr (GInetAddress) gateway =
        found[i] != NULL ? plum_route_choice_get_gateway (found[i]) : NULL;

      g_assert_true (gateway == NULL || g_inet_address_get_family (gateway) == found[i]->family);
    }
}

static void
check_layout (const PlumRouteLayout *layout, const guint8 *data, gsize size)
{
  g_autoptr (GArray) routes = g_array_new (FALSE, FALSE, sizeof (PlumRouteMessage));
  g_autoptr (GError) error = NULL;
  PlumRouteMessage message;
  gsize offset = 0, last = 0;

  while (plum_route_message_next (layout, data, size, &offset, &message, &error))
    {
      g_assert_cmpuint (offset, >, last);
      g_assert_cmpuint (offset, <=, size);
      last = offset;
      check_message (&message);
      plum_route_message_matters (&message);
      if (message.family != G_SOCKET_FAMILY_INVALID)
        g_array_append_val (routes, message);
    }

  if (error != NULL)
    g_assert_error (error, PLUM_ERROR, PLUM_ERROR_MALFORMED);
  else
    g_assert_cmpuint (offset, ==, size);
  check_choice (routes);
}

int
LLVMFuzzerTestOneInput (const guint8 *data, gsize size)
{
  for (gsize i = 0; i < G_N_ELEMENTS (layouts); i++)
    check_layout (layouts[i], data, size);
  return 0;
}
