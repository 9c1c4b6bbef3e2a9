/* SPDX-License-Identifier: LGPL-2.1-or-later */

#include "tcp-proof.h"

#include <string.h>

#define LOCAL "127.0.0.1"
#define EXTERNAL "127.60.9.1"
#define WAIT_MS 100         /* if nothing arrives */
#define UNREACHED_MS 600000 /* otherwise: a slow computer needs no other limit */

typedef enum {
  ROUTER_FORWARDS,
  ROUTER_ANSWERS, /* a service of the router accepts the connection */
  ROUTER_FORWARDS_OTHER_BYTES,
} RouterKind;

/* The external port of a router on loopback. */
typedef struct
{
  RouterKind kind;
  GSocket *listener;
  GSource *source;
  GSocket *outside; /* the connection from outside */
  GSocket *inside;  /* forwarded to the internal port */
  GSource *outside_source;
  GSocketAddress *internal;
  guint port;
} Router;

typedef struct
{
  TcpProof proof;
  GSocket *socket; /* bound to the internal port */
  GSocketAddress *internal;
  guint n_done;
} Host;

static GSocket *
bind_tcp (const char *address, GSocketAddress **bound)
{
  g_autoptr (GSocketAddress) any_port = g_inet_socket_address_new_from_string (address, 0);
  g_autoptr (GError) error = NULL;
  GSocket *socket =
    g_socket_new (G_SOCKET_FAMILY_IPV4, G_SOCKET_TYPE_STREAM, G_SOCKET_PROTOCOL_TCP, &error);

  g_assert_no_error (error);
  g_socket_bind (socket, any_port, FALSE, &error);
  g_assert_no_error (error);
  *bound = g_socket_get_local_address (socket, &error);
  g_assert_no_error (error);
  return socket;
}

/* Connects to an address, or returns NULL if it refuses. */
static GSocket *
connect_tcp (GSocketAddress *address)
{
  g_autoptr (GSocket) socket =
    g_socket_new (G_SOCKET_FAMILY_IPV4, G_SOCKET_TYPE_STREAM, G_SOCKET_PROTOCOL_TCP, NULL);

  return g_socket_connect (socket, address, NULL, NULL) ? g_steal_pointer (&socket) : NULL;
}

static gboolean
on_bytes (GSocket *socket, GIOCondition condition, gpointer user_data)
{
  Router *router = user_data;
  char bytes[64];
  gssize size = g_socket_receive (socket, bytes, sizeof bytes, NULL, NULL);

  if (size <= 0)
    return G_SOURCE_REMOVE;

  if (router->kind == ROUTER_FORWARDS_OTHER_BYTES)
    bytes[size - 1] ^= 1;
  g_assert_cmpint (g_socket_send (router->inside, bytes, (gsize) size, NULL, NULL), ==, size);
  return G_SOURCE_CONTINUE;
}

static gboolean
on_connection (GSocket *socket, GIOCondition condition, gpointer user_data)
{
  Router *router = user_data;

  router->outside = g_socket_accept (socket, NULL, NULL);
  g_assert_nonnull (router->outside);
  if (router->kind == ROUTER_ANSWERS)
    return G_SOURCE_REMOVE;

  router->inside = connect_tcp (router->internal);
  if (router->inside == NULL)
    return G_SOURCE_REMOVE;

  router->outside_source = g_socket_create_source (router->outside, G_IO_IN, NULL);
  g_source_set_callback (router->outside_source, G_SOURCE_FUNC (on_bytes), router, NULL);
  g_source_attach (router->outside_source, NULL);
  return G_SOURCE_REMOVE;
}

static void
router_start (Router *router, RouterKind kind, GSocketAddress *internal)
{
  g_autoptr (GSocketAddress) bound = NULL;

  *router = (Router){ .kind = kind, .internal = internal };
  router->listener = bind_tcp (EXTERNAL, &bound);
  router->port = g_inet_socket_address_get_port (G_INET_SOCKET_ADDRESS (bound));
  g_assert_true (g_socket_listen (router->listener, NULL));
  router->source = g_socket_create_source (router->listener, G_IO_IN, NULL);
  g_source_set_callback (router->source, G_SOURCE_FUNC (on_connection), router, NULL);
  g_source_attach (router->source, NULL);
}

static void
router_stop (Router *router)
{
  g_source_destroy (router->source);
  g_clear_pointer (&router->source, g_source_unref);
  if (router->outside_source != NULL)
    g_source_destroy (router->outside_source);
  g_clear_pointer (&router->outside_source, g_source_unref);
  g_clear_object (&router->outside);
  g_clear_object (&router->inside);
  g_clear_object (&router->listener);
}

static void
on_done (TcpProof *proof)
{
  ((Host *) proof->user_data)->n_done++;
}

static void
host_set_up (Host *host, guint wait_ms)
{
  *host = (Host){ .proof = { .wait_ms = wait_ms, .done = on_done, .user_data = host } };
  host->socket = bind_tcp (LOCAL, &host->internal);
}

static gboolean
host_start (Host *host, const char *external, guint port)
{
  g_autoptr (GInetAddress) local = g_inet_address_new_from_string (LOCAL);

  return tcp_proof_start (&host->proof, host->socket, local, external, port);
}

static void
host_wait (Host *host)
{
  while (host->n_done == 0)
    g_main_context_iteration (NULL, TRUE);
  g_assert_cmpuint (host->n_done, ==, 1);
}

static void
host_tear_down (Host *host)
{
  tcp_proof_clear (&host->proof);
  while (g_main_context_iteration (NULL, FALSE))
    ;
  g_assert_finalize_object (g_steal_pointer (&host->socket));
  g_clear_object (&host->internal);
}

static void
check_router (RouterKind kind, gboolean arrived)
{
  Router router;
  Host host;

  host_set_up (&host, arrived ? UNREACHED_MS : WAIT_MS);
  router_start (&router, kind, host.internal);
  g_assert_true (host_start (&host, EXTERNAL, router.port));
  host_wait (&host);
  g_assert_cmpint (host.proof.arrived, ==, arrived);
  router_stop (&router);
  host_tear_down (&host);
}

static void
test_forwarded (void)
{
  check_router (ROUTER_FORWARDS, TRUE);
}

static void
test_service_of_the_router (void)
{
  check_router (ROUTER_ANSWERS, FALSE);
}

static void
test_other_bytes (void)
{
  check_router (ROUTER_FORWARDS_OTHER_BYTES, FALSE);
}

static void
test_refused (void)
{
  g_autoptr (GSocketAddress) bound = NULL;
  g_autoptr (GSocket) closed = bind_tcp (EXTERNAL, &bound);
  Host host;

  host_set_up (&host, UNREACHED_MS);
  g_assert_true (
    host_start (&host, EXTERNAL, g_inet_socket_address_get_port (G_INET_SOCKET_ADDRESS (bound))));
  host_wait (&host);
  g_assert_false (host.proof.arrived);
  host_tear_down (&host);
}

/* Ends the wait of the proof now. */
static void
host_expire (Host *host)
{
  g_source_set_ready_time (g_main_context_find_source_by_id (NULL, host->proof.deadline_id), 0);
}

/* Another host of the network connects to the internal port directly, many times. The proof waits
 * until then: afterwards the port accepts no connection. */
static void
test_strangers (void)
{
  g_autoptr (GPtrArray) strangers = g_ptr_array_new_with_free_func (g_object_unref);
  Router router;
  Host host;

  host_set_up (&host, UNREACHED_MS);
  router_start (&router, ROUTER_ANSWERS, host.internal);
  g_assert_true (host_start (&host, EXTERNAL, router.port));
  for (guint i = 0; i < 2 * TCP_PROOF_MAX_CONNECTIONS; i++)
    {
      GSocket *stranger = connect_tcp (host.internal);

      g_assert_nonnull (stranger);
      g_socket_send (stranger, "0123456789abcdef", i, NULL, NULL);
      g_ptr_array_add (strangers, stranger);
      while (g_main_context_iteration (NULL, FALSE))
        ;
    }
  g_assert_cmpuint (host.n_done, ==, 0);
  host_expire (&host);
  host_wait (&host);
  g_assert_false (host.proof.arrived);
  router_stop (&router);
  host_tear_down (&host);
}

/* Runs a proof to its end. */
static void
host_prove (Host *host, Router *router)
{
  host_set_up (host, UNREACHED_MS);
  router_start (router, ROUTER_FORWARDS, host->internal);
  g_assert_true (host_start (host, EXTERNAL, router->port));
  host_wait (host);
}

static void
test_closed_afterwards (void)
{
  Router router;
  Host host;

  host_prove (&host, &router);
  g_assert_null (connect_tcp (host.internal));
  router_stop (&router);
  host_tear_down (&host);
}

static void
test_bound_afterwards (void)
{
  g_autoptr (GSocket) other =
    g_socket_new (G_SOCKET_FAMILY_IPV4, G_SOCKET_TYPE_STREAM, G_SOCKET_PROTOCOL_TCP, NULL);
  Router router;
  Host host;

  host_prove (&host, &router);
  g_assert_false (g_socket_bind (other, host.internal, FALSE, NULL));
  router_stop (&router);
  host_tear_down (&host);
}

/* No connection is made to these addresses: it would not pass the router. */
static void
test_not_tried (void)
{
  static const char *const addresses[] = {
    LOCAL,       "1.2.3.4",   "192.168.1.1", "100.64.0.1", "0.0.0.0", "169.254.1.1",
    "224.0.0.1", "192.0.2.1", "240.0.0.1",   "::1",        "2a00::1", "router",
  };

  for (gsize i = 0; i <= G_N_ELEMENTS (addresses); i++)
    {
      const char *address = i < G_N_ELEMENTS (addresses) ? addresses[i] : NULL;
      Host host;

      host_set_up (&host, UNREACHED_MS);
      g_assert_false (host_start (&host, address, 9));
      g_assert_null (host.proof.outgoing);
      g_assert_cmpuint (host.n_done, ==, 0);
      host_tear_down (&host);
    }
}

static void
test_cleared (void)
{
  Router router;
  Host host;

  host_set_up (&host, UNREACHED_MS);
  router_start (&router, ROUTER_FORWARDS, host.internal);
  g_assert_true (host_start (&host, EXTERNAL, router.port));
  host_tear_down (&host);
  g_assert_cmpuint (host.n_done, ==, 0);
  router_stop (&router);
}

int
main (int argc, char **argv)
{
  g_test_init (&argc, &argv, NULL);

  g_test_add_func ("/plumctl/tcp-proof/forwarded", test_forwarded);
  g_test_add_func ("/plumctl/tcp-proof/service-of-the-router", test_service_of_the_router);
  g_test_add_func ("/plumctl/tcp-proof/other-bytes", test_other_bytes);
  g_test_add_func ("/plumctl/tcp-proof/refused", test_refused);
  g_test_add_func ("/plumctl/tcp-proof/strangers", test_strangers);
  g_test_add_func ("/plumctl/tcp-proof/closed-afterwards", test_closed_afterwards);
  g_test_add_func ("/plumctl/tcp-proof/bound-afterwards", test_bound_afterwards);
  g_test_add_func ("/plumctl/tcp-proof/not-tried", test_not_tried);
  g_test_add_func ("/plumctl/tcp-proof/cleared", test_cleared);

  return g_test_run ();
}
