/* SPDX-License-Identifier: LGPL-2.1-or-later */

#include "adversary-fixture.h"

#include "plum-module-private.h"

void
adversary_set_up (Adversary *self, const char *gateway)
{
  g_autoptr (GInetAddress) address = g_inet_address_new_from_string (gateway);

  test_loop_set_up (&self->loop, TRUE);
  plum_module_set_directory (NULL);
  self->manager = plum_manager_new ();
  plum_manager_set_gateway_address (self->manager, address);
}

static void
on_change (PlumMapping *mapping, GParamSpec *pspec, Adversary *self)
{
  g_test_message ("%s has changed", g_param_spec_get_name (pspec));
  self->n_changes++;
}

void
adversary_expect_no_change (Adversary *self)
{
  static const char *const watched[] = { "state", "external-port", "external-address", "error" };

  for (guint i = 0; i < G_N_ELEMENTS (watched); i++)
    {
      g_autofree char *signal = g_strconcat ("notify::", watched[i], NULL);

      g_signal_connect (self->mapping, signal, G_CALLBACK (on_change), self);
    }
}

void
adversary_tear_down (Adversary *self)
{
  g_autoptr (GAsyncResult) closed = NULL;
  gboolean confirmed;

  g_assert_cmpuint (self->n_changes, ==, 0);
  if (self->mapping != NULL)
    g_signal_handlers_disconnect_by_data (self->mapping, self);

  plum_manager_close_async (self->manager, NULL, test_store_result, &closed);
  test_loop_advance_until (&self->loop, closed != NULL, 30000);
  confirmed = plum_manager_close_finish (self->manager, closed, NULL);
  g_assert_true (self->may_leave || confirmed != self->keeps_mapping);
  g_clear_object (&closed);
  test_loop_settle (&self->loop);

  g_clear_object (&self->mapping);
  g_assert_finalize_object (g_steal_pointer (&self->manager));
  test_loop_tear_down (&self->loop);
}

static void
on_adversary_fixture_gateways_changed (
  GListModel *gateways, guint position, guint removed, guint added, Adversary *self)
{
  for (guint i = position; i < position + added; i++)
    {
      g_autoptr (PlumGateway) gateway = g_list_model_get_item (gateways, i);

      g_signal_connect (gateway, "traffic", self->traffic, self->traffic_data);
    }
}

void
adversary_watch_traffic (Adversary *self, GCallback func, gpointer user_data)
{
  self->traffic = func;
  self->traffic_data = user_data;
  g_signal_connect (plum_manager_get_gateways (self->manager), "items-changed",
                    G_CALLBACK (on_adversary_fixture_gateways_changed), self);
}

void
adversary_add_mapping (Adversary *self, guint port)
{
  g_autoptr (GError) error = NULL;

  self->mapping = plum_mapping_new (PLUM_PROTOCOL_TCP, port);
  plum_manager_add_mapping (self->manager, self->mapping, &error);
  g_assert_no_error (error);
}

gboolean
adversary_is_up (Adversary *self)
{
  return plum_mapping_get_state (self->mapping) == PLUM_STATE_SUCCESS;
}

GSocket *
adversary_socket_new (const char *host, guint16 port)
{
  g_autoptr (GSocketAddress) address = g_inet_socket_address_new_from_string (host, port);
  g_autoptr (GError) error = NULL;
  GSocket *s =
    g_socket_new (G_SOCKET_FAMILY_IPV4, G_SOCKET_TYPE_DATAGRAM, G_SOCKET_PROTOCOL_UDP, &error);

  g_assert_no_error (error);
  g_socket_bind (s, address, TRUE, &error);
  g_assert_no_error (error);
  return s;
}

void
adversary_send (GSocket *from, GSocketAddress *to, GBytes *bytes)
{
  gsize size;
  const char *data = g_bytes_get_data (bytes, &size);

  /* A lost datagram is not an error. */
  g_socket_send_to (from, to, data, size, NULL, NULL);
}
