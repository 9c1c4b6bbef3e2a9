/* SPDX-License-Identifier: LGPL-2.1-or-later */

#include "fake-stun.h"

#include <string.h>
#include <unistd.h>

#define HEADER_SIZE 20

/* Addresses of this process, so that tests can run at the same time. */
static GSocket *
bind_address (guint number, char **name)
{
  guint pid = (guint) getpid ();
  g_autofree char *text =
    g_strdup_printf ("127.%u.%u.%u", 60 + number, pid >> 8 & 0xff, 1 + (pid & 0x7f));
  g_autoptr (GSocketAddress) any_port = g_inet_socket_address_new_from_string (text, 0);
  g_autoptr (GSocketAddress) bound = NULL;
  g_autoptr (GError) error = NULL;
  GSocket *socket =
    g_socket_new (G_SOCKET_FAMILY_IPV4, G_SOCKET_TYPE_DATAGRAM, G_SOCKET_PROTOCOL_UDP, &error);

  g_assert_no_error (error);
  g_socket_set_blocking (socket, FALSE);
  g_socket_bind (socket, any_port, FALSE, &error);
  g_assert_no_error (error);
  bound = g_socket_get_local_address (socket, &error);
  g_assert_no_error (error);
  *name = g_socket_connectable_to_string (G_SOCKET_CONNECTABLE (bound));
  return socket;
}

static void
put_number (GByteArray *message, guint number)
{
  const guint8 bytes[] = { (guint8) (number >> 8), (guint8) number };

  g_byte_array_append (message, bytes, sizeof bytes);
}

/* @mask: XOR-MAPPED-ADDRESS, RFC 8489 14.2. */
static void
put_endpoint (GByteArray *message, guint type, GSocketAddress *endpoint, gboolean mask)
{
  GInetSocketAddress *inet = G_INET_SOCKET_ADDRESS (endpoint);
  GInetAddress *address = g_inet_socket_address_get_address (inet);
  gsize size = g_inet_address_get_native_size (address);
  guint8 bytes[16];

  memcpy (bytes, g_inet_address_to_bytes (address), size);
  for (gsize i = 0; mask && i < size; i++)
    bytes[i] ^= message->data[4 + i];
  put_number (message, type);
  put_number (message, (guint) size + 4);
  put_number (message, size == 4 ? 1 : 2);
  put_number (message, g_inet_socket_address_get_port (inet) ^ (mask ? 0x2112u : 0));
  g_byte_array_append (message, bytes, (guint) size);
}

static GSocketAddress *
get_other (FakeStun *self)
{
  g_autoptr (GSocketAddress) other = g_socket_get_local_address (self->other, NULL);
  g_autoptr (GSocketAddress) primary = g_socket_get_local_address (self->primary, NULL);
  GInetAddress *same = g_inet_socket_address_get_address (G_INET_SOCKET_ADDRESS (primary));

  if (self->fault == FAKE_STUN_OTHER_SAME_ADDRESS)
    return g_inet_socket_address_new (same, 9);
  if (self->fault == FAKE_STUN_OTHER_PRIVATE)
    return g_inet_socket_address_new_from_string ("172.31.0.5", 3479);
  if (self->fault == FAKE_STUN_OTHER_IPV6)
    return g_inet_socket_address_new_from_string ("::1", 3479);
  return g_steal_pointer (&other);
}

static GByteArray *
make_answer (FakeStun *self, const guint8 *request, GSocketAddress *client, gboolean change)
{
  GByteArray *message = g_byte_array_new ();
  g_autoptr (GSocketAddress) other = get_other (self);
  g_autoptr (GSocketAddress) origin =
    g_socket_get_local_address (self->fault == FAKE_STUN_CHANGE_BEHIND_NAT ? self->stranger
                                                                           : self->primary,
                                NULL);
  gboolean refuse =
    self->fault == FAKE_STUN_ERROR || (change && self->fault == FAKE_STUN_CHANGE_ERROR);

  put_number (message, refuse ? 0x0111 : 0x0101);
  put_number (message, 0);
  g_byte_array_append (message, request + 4, HEADER_SIZE - 4);
  if (refuse)
    g_byte_array_append (message, (const guint8 *) "\0\x09\0\x04\0\0\x04\x14", 8);
  else
    put_endpoint (message, 0x0020, client, TRUE);
  put_endpoint (message, 0x802b, origin, FALSE);
  if (self->fault != FAKE_STUN_NO_OTHER)
    put_endpoint (message, 0x802c, other, FALSE);
  if (self->fault == FAKE_STUN_UNKNOWN_ATTRIBUTE)
    g_byte_array_append (message, (const guint8 *) "\x70\0\0\0", 4);
  message->data[3] = (guint8) (message->len - HEADER_SIZE);
  return message;
}

static void
send_bytes (GSocket *from, GSocketAddress *to, const guint8 *data, gsize size)
{
  g_autoptr (GError) error = NULL;

  g_socket_send_to (from, to, (const char *) data, size, NULL, &error);
  g_assert_no_error (error);
}

/* Another transaction, a request, a cut answer, and the true answer from a stranger. */
static void
send_noise (FakeStun *self, GSocketAddress *client, const GByteArray *answer)
{
  g_autofree guint8 *copy = g_memdup2 (answer->data, answer->len);

  copy[8] ^= 1;
  send_bytes (self->primary, client, copy, answer->len);
  copy[8] ^= 1;
  copy[0] = 0;
  copy[1] = 1;
  send_bytes (self->primary, client, copy, answer->len);
  send_bytes (self->primary, client, answer->data, answer->len - 1);
  send_bytes (self->primary, client, answer->data, 0);
  send_bytes (self->stranger, client, answer->data, answer->len);
}

static GSocket *
choose_sender (FakeStun *self, gboolean change)
{
  if (self->fault == FAKE_STUN_WRONG_SOURCE || (change && self->fault == FAKE_STUN_CHANGE_STRAY))
    return self->stranger;
  if (!change || self->fault == FAKE_STUN_CHANGE_IGNORED || self->fault == FAKE_STUN_CHANGE_ERROR)
    return self->primary;
  return self->other;
}

static void
answer (FakeStun *self, const guint8 *request, GSocketAddress *client, gboolean change)
{
  g_autoptr (GByteArray) message = make_answer (self, request, client, change);

  if (self->fault == FAKE_STUN_WRONG_TRANSACTION ||
      (change && self->fault == FAKE_STUN_CHANGE_WRONG_TRANSACTION))
    message->data[19] ^= 0x80;
  if (self->fault == FAKE_STUN_NOISE_FIRST)
    send_noise (self, client, message);
  send_bytes (choose_sender (self, change), client, message->data,
              self->fault == FAKE_STUN_TRUNCATED ? message->len - 4 : message->len);
}

static gboolean
on_request (GSocket *socket, GIOCondition condition, gpointer user_data)
{
  FakeStun *self = user_data;
  g_autoptr (GSocketAddress) client = NULL;
  guint8 request[64];
  gssize size =
    g_socket_receive_from (socket, &client, (char *) request, sizeof request, NULL, NULL);
  gboolean change = size == 28;
  guint *count = change ? &self->n_change : &self->n_plain;

  g_assert_true (size == 20 || size == 28);
  ++*count;
  if (self->fault == FAKE_STUN_SILENT || (self->fault == FAKE_STUN_FOURTH_ONLY && *count < 4) ||
      (change &&
       (self->fault == FAKE_STUN_CHANGE_SILENT || self->fault == FAKE_STUN_CHANGE_BEHIND_NAT)))
    return G_SOURCE_CONTINUE;

  answer (self, request, client, change);
  return G_SOURCE_CONTINUE;
}

void
fake_stun_start (FakeStun *self, FakeStunFault fault)
{
  *self = (FakeStun){ .fault = fault };
  self->primary = bind_address (1, &self->name);
  self->other = bind_address (2, &self->other_name);
  self->stranger = bind_address (3, &self->stranger_name);
  self->source = g_socket_create_source (self->primary, G_IO_IN, NULL);
  g_source_set_callback (self->source, G_SOURCE_FUNC (on_request), self, NULL);
  g_source_attach (self->source, NULL);
}

void
fake_stun_stop (FakeStun *self)
{
  g_source_destroy (self->source);
  g_clear_pointer (&self->source, g_source_unref);
  g_clear_object (&self->primary);
  g_clear_object (&self->other);
  g_clear_object (&self->stranger);
  g_clear_pointer (&self->name, g_free);
  g_clear_pointer (&self->other_name, g_free);
  g_clear_pointer (&self->stranger_name, g_free);
}

GInetAddress *
fake_stun_dup_address (FakeStun *self)
{
  g_autoptr (GSocketAddress) bound = g_socket_get_local_address (self->primary, NULL);

  return g_object_ref (g_inet_socket_address_get_address (G_INET_SOCKET_ADDRESS (bound)));
}
