/* SPDX-License-Identifier: LGPL-2.1-or-later */

#include "stun-proof.h"

#include "fake-stun.h"

#include <string.h>

#define LOOKUP_MS 100       /* if the resolver is silent */
#define RTO_MS 5            /* if the request is repeated */
#define UNREACHED_MS 600000 /* for what is answered: a slow computer needs no other limit */

/* Finds nothing outside of the test. */
typedef struct
{
  GResolver parent;
  GPtrArray *addresses;
  gboolean silent; /* until it is cancelled */
  char *name;      /* of the last lookup */
  GResolverNameLookupFlags flags;
} FakeResolver;

typedef GResolverClass FakeResolverClass;

GType fake_resolver_get_type (void);

G_DEFINE_TYPE (FakeResolver, fake_resolver, G_TYPE_RESOLVER)

static FakeResolver *stun_proof_resolver;

static gboolean
on_cancelled (GCancellable *cancellable, gpointer user_data)
{
  g_task_return_error_if_cancelled (user_data);
  return G_SOURCE_REMOVE;
}

static void
fake_resolver_lookup (GResolver *object,
                      const char *name,
                      GResolverNameLookupFlags flags,
                      GCancellable *cancellable,
                      GAsyncReadyCallback callback,
                      gpointer user_data)
{
  FakeResolver *self = (FakeResolver *) object;
  g_autoptr (GTask) task = g_task_new (self, cancellable, callback, user_data);
  g_autoptr (GSource) source = g_cancellable_source_new (cancellable);
  GList *list = NULL;

  g_free (self->name);
  self->name = g_strdup (name);
  self->flags = flags;
  for (guint i = self->addresses->len; i > 0; i--)
    list = g_list_prepend (list, g_object_ref (self->addresses->pdata[i - 1]));
  if (self->silent)
    g_task_attach_source (task, source, G_SOURCE_FUNC (on_cancelled));
  else if (list == NULL)
    g_task_return_new_error (task, G_RESOLVER_ERROR, G_RESOLVER_ERROR_NOT_FOUND, "no such name");
  else
    g_task_return_pointer (task, list, NULL);
}

static GList *
fake_resolver_finish (GResolver *object, GAsyncResult *result, GError **error)
{
  return g_task_propagate_pointer (G_TASK (result), error);
}

static void
fake_resolver_finalize (GObject *object)
{
  FakeResolver *self = (FakeResolver *) object;

  g_ptr_array_unref (self->addresses);
  g_free (self->name);
  G_OBJECT_CLASS (fake_resolver_parent_class)->finalize (object);
}

static void
fake_resolver_class_init (FakeResolverClass *klass)
{
  G_OBJECT_CLASS (klass)->finalize = fake_resolver_finalize;
  klass->lookup_by_name_with_flags_async = fake_resolver_lookup;
  klass->lookup_by_name_with_flags_finish = fake_resolver_finish;
}

static void
fake_resolver_init (FakeResolver *self)
{
  self->addresses = g_ptr_array_new_with_free_func (g_object_unref);
}

typedef struct
{
  const char *name;
  FakeStunFault fault;
  guint n_plain; /* requests that the server receives */
  guint n_change;
  gboolean seen; /* the reflexive endpoint is known */
  StunAnswer strangers;
  const char *reason; /* a part; NULL: none. %s is the server, %o the other one, %x a stranger */
} Row;

static const Row rows[] = {
  { "good", FAKE_STUN_GOOD, 1, 1, TRUE, STUN_YES, NULL },
  { "good-after-losses", FAKE_STUN_FOURTH_ONLY, 4, 4, TRUE, STUN_YES, NULL },
  { "good-after-noise", FAKE_STUN_NOISE_FIRST, 1, 1, TRUE, STUN_YES, NULL },
  { "silent", FAKE_STUN_SILENT, 4, 0, FALSE, STUN_UNKNOWN,
    "the STUN server %s did not answer within 0.1 s" },
  { "wrong-transaction", FAKE_STUN_WRONG_TRANSACTION, 4, 0, FALSE, STUN_UNKNOWN,
    "the STUN server %s did not answer within" },
  { "wrong-source", FAKE_STUN_WRONG_SOURCE, 4, 0, FALSE, STUN_UNKNOWN,
    "the STUN server %s answered from %x, which was ignored" },
  { "truncated", FAKE_STUN_TRUNCATED, 4, 0, FALSE, STUN_UNKNOWN, "did not answer within" },
  { "error", FAKE_STUN_ERROR, 1, 0, FALSE, STUN_UNKNOWN,
    "the STUN server %s answered with the error 420: it does not support" },
  { "unknown-attribute", FAKE_STUN_UNKNOWN_ATTRIBUTE, 1, 0, FALSE, STUN_UNKNOWN,
    "the answer of the STUN server %s has the unknown attribute 0x7000" },
  { "no-other-address", FAKE_STUN_NO_OTHER, 1, 0, TRUE, STUN_UNKNOWN,
    "the STUN server %s does not offer to answer from another address" },
  { "other-port-only", FAKE_STUN_OTHER_SAME_ADDRESS, 1, 0, TRUE, STUN_UNKNOWN,
    ":9, which cannot be used" },
  { "other-address-is-private", FAKE_STUN_OTHER_PRIVATE, 1, 0, TRUE, STUN_UNKNOWN,
    "offers to answer from 172.31.0.5:3479, which cannot be used" },
  { "other-address-is-ipv6", FAKE_STUN_OTHER_IPV6, 1, 0, TRUE, STUN_UNKNOWN,
    "which cannot be used" },
  { "no-packet-from-strangers", FAKE_STUN_CHANGE_SILENT, 1, 4, TRUE, STUN_NO, NULL },
  { "forged-packet-from-strangers", FAKE_STUN_CHANGE_WRONG_TRANSACTION, 1, 4, TRUE, STUN_NO, NULL },
  { "change-request-ignored", FAKE_STUN_CHANGE_IGNORED, 1, 1, TRUE, STUN_UNKNOWN,
    "the STUN server %s did not answer from %o as requested" },
  { "change-request-refused", FAKE_STUN_CHANGE_ERROR, 1, 1, TRUE, STUN_UNKNOWN,
    "answered with the error 420" },
  { "answer-from-unnamed-address", FAKE_STUN_CHANGE_STRAY, 1, 4, TRUE, STUN_UNKNOWN,
    "the STUN server %s answered from %x instead of %o" },
  { "server-behind-nat", FAKE_STUN_CHANGE_BEHIND_NAT, 1, 4, TRUE, STUN_UNKNOWN,
    "no answer came from %o, but the STUN server %s is itself behind a NAT" },
};

typedef struct
{
  StunProof proof;
  const Row *row; /* nullable: one request for each transaction */
  GSocket *socket;
  char *endpoint;
  guint n_done;
  guint n_notes;
} Client;

static void
on_done (StunProof *proof)
{
  ((Client *) proof->user_data)->n_done++;
}

/* Called before each transaction. */
static void
on_note (StunProof *proof, const char *text)
{
  Client *client = proof->user_data;
  guint n_requests = 1;

  client->n_notes++;
  if (client->row != NULL)
    n_requests = proof->result.reflexive == NULL ? client->row->n_plain : client->row->n_change;
  proof->rto_ms = n_requests > 1 ? RTO_MS : UNREACHED_MS;
}

static void
client_start (Client *client, const Row *row, const char *server, const char *address)
{
  g_autoptr (GSocketAddress) any_port = g_inet_socket_address_new_from_string (address, 0);
  g_autoptr (GSocketAddress) bound = NULL;
  g_autoptr (GError) error = NULL;

  *client = (Client){
    .proof = {
      .lookup_ms = stun_proof_resolver->silent ? LOOKUP_MS : UNREACHED_MS,
      .done = on_done,
      .note = on_note,
      .user_data = client,
    },
    .row = row,
  };
  client->socket = g_socket_new (g_socket_address_get_family (any_port), G_SOCKET_TYPE_DATAGRAM,
                                 G_SOCKET_PROTOCOL_UDP, &error);
  g_assert_no_error (error);
  g_socket_bind (client->socket, any_port, FALSE, &error);
  g_assert_no_error (error);
  bound = g_socket_get_local_address (client->socket, &error);
  client->endpoint = g_socket_connectable_to_string (G_SOCKET_CONNECTABLE (bound));
  stun_proof_start (&client->proof, server, client->socket, NULL);
}

/* If the server answers the last request only, the answer may take any time. */
static void
client_wait (Client *client)
{
  StunTransaction *transaction = &client->proof.transaction;

  while (client->n_done == 0)
    {
      if (client->row != NULL && client->row->fault == FAKE_STUN_FOURTH_ONLY &&
          transaction->n_sent == STUN_MAX_REQUESTS - 1)
        transaction->rto_ms = UNREACHED_MS;
      g_main_context_iteration (NULL, TRUE);
    }
}

/* The socket is not kept alive by what is left of the proof. */
static void
client_clear (Client *client)
{
  stun_proof_clear (&client->proof);
  while (g_main_context_iteration (NULL, FALSE))
    ;
  g_assert_finalize_object (g_steal_pointer (&client->socket));
  g_clear_pointer (&client->endpoint, g_free);
}

static void
assert_endpoint (GInetSocketAddress *endpoint, const char *expected)
{
  g_autofree char *text =
    endpoint != NULL ? g_socket_connectable_to_string (G_SOCKET_CONNECTABLE (endpoint)) : NULL;

  g_assert_cmpstr (text, ==, expected);
}

static void
assert_reason (const char *reason, const char *pattern, const FakeStun *server)
{
  g_autoptr (GString) expected = g_string_new (pattern);

  if (pattern == NULL)
    {
      g_assert_null (reason);
      return;
    }

  g_string_replace (expected, "%s", server->name, 0);
  g_string_replace (expected, "%o", server->other_name, 0);
  g_string_replace (expected, "%x", server->stranger_name, 0);
  if (reason == NULL || strstr (reason, expected->str) == NULL)
    g_error ("“%s” does not contain “%s”", reason, expected->str);
}

static void
test_row (gconstpointer data)
{
  const Row *row = data;
  FakeStun server;
  Client client;

  fake_stun_start (&server, row->fault);
  client_start (&client, row, server.name, "127.0.0.1");
  client_wait (&client);

  g_assert_cmpuint (client.n_done, ==, 1);
  g_assert_cmpuint (server.n_plain, ==, row->n_plain);
  g_assert_cmpuint (server.n_change, ==, row->n_change);
  g_assert_cmpuint (client.n_notes, >, 0);
  g_assert_cmpstr (client.proof.result.server, ==, server.name);
  assert_endpoint (client.proof.result.address, server.name);
  assert_endpoint (client.proof.result.reflexive, row->seen ? client.endpoint : NULL);
  g_assert_cmpint (client.proof.result.strangers, ==, row->strangers);
  assert_reason (client.proof.result.reason, row->reason, &server);

  client_clear (&client);
  fake_stun_stop (&server);
}

static void
test_transactions_differ (void)
{
  guint8 first[STUN_TRANSACTION_SIZE];
  FakeStun server;
  Client client;

  fake_stun_start (&server, FAKE_STUN_GOOD);
  client_start (&client, NULL, server.name, "127.0.0.1");
  while (server.n_plain == 0)
    g_main_context_iteration (NULL, TRUE);
  memcpy (first, client.proof.transaction.id, sizeof first);
  client_wait (&client);
  g_assert_cmpuint (server.n_change, ==, 1);
  g_assert_cmpint (memcmp (first, client.proof.transaction.id, sizeof first), !=, 0);
  client_clear (&client);
  fake_stun_stop (&server);
}

/* The server is given by a literal of the other family: nothing is sent. */
static void
test_other_family (void)
{
  Client client;

  client_start (&client, NULL, "[::1]:3478", "127.0.0.1");
  client_wait (&client);
  g_assert_cmpstr (client.proof.result.reason, ==,
                   "the STUN server “[::1]:3478” has no IPv4 address");
  g_assert_null (client.proof.result.address);
  client_clear (&client);
}

static void
test_name (void)
{
  FakeStun server;
  Client client;
  g_autofree char *name = NULL;

  fake_stun_start (&server, FAKE_STUN_GOOD);
  g_ptr_array_add (stun_proof_resolver->addresses, g_inet_address_new_from_string ("::1"));
  g_ptr_array_add (stun_proof_resolver->addresses, fake_stun_dup_address (&server));
  g_ptr_array_add (stun_proof_resolver->addresses, g_inet_address_new_from_string ("127.0.0.1"));
  name = g_strconcat ("stun.example", strchr (server.name, ':'), NULL);
  client_start (&client, NULL, name, "127.0.0.1");
  client_wait (&client);
  g_assert_cmpstr (stun_proof_resolver->name, ==, "stun.example");
  g_assert_cmpuint (stun_proof_resolver->flags, ==, G_RESOLVER_NAME_LOOKUP_FLAGS_IPV4_ONLY);
  g_assert_cmpstr (client.proof.result.server, ==, name);
  assert_endpoint (client.proof.result.address, server.name);
  g_assert_cmpint (client.proof.result.strangers, ==, STUN_YES);
  client_clear (&client);
  g_ptr_array_set_size (stun_proof_resolver->addresses, 0);
  fake_stun_stop (&server);
}

static void
test_unknown_name (void)
{
  Client client;

  client_start (&client, NULL, "stun.example", "127.0.0.1");
  client_wait (&client);
  g_assert_cmpstr (client.proof.result.reason, ==,
                   "the address of “stun.example” could not be found: no such name");
  g_assert_cmpint (client.proof.result.strangers, ==, STUN_UNKNOWN);
  client_clear (&client);
}

static void
test_ipv6_name (void)
{
  Client client;

  client_start (&client, NULL, "stun.example", "::1");
  client_wait (&client);
  g_assert_cmpuint (stun_proof_resolver->flags, ==, G_RESOLVER_NAME_LOOKUP_FLAGS_IPV6_ONLY);
  client_clear (&client);
}

static void
test_slow_resolver (void)
{
  Client client;

  stun_proof_resolver->silent = TRUE;
  client_start (&client, NULL, "stun.example", "127.0.0.1");
  client_wait (&client);
  g_assert_cmpstr (client.proof.result.reason, ==,
                   "the address of “stun.example” could not be found within 0.1 s");
  client_clear (&client);
  stun_proof_resolver->silent = FALSE;
}

static void
test_cleared_during_lookup (void)
{
  Client client;

  stun_proof_resolver->silent = TRUE;
  client_start (&client, NULL, "stun.example", "127.0.0.1");
  client_clear (&client);
  g_assert_cmpuint (client.n_done, ==, 0);
  stun_proof_resolver->silent = FALSE;
}

/* The kernel refuses to send to this address. */
static void
test_cannot_send (void)
{
  Client client;

  client_start (&client, NULL, "255.255.255.255", "127.0.0.1");
  client_wait (&client);
  g_assert_true (g_str_has_prefix (client.proof.result.reason,
                                   "cannot send to the STUN server 255.255.255.255:3478: "));
  client_clear (&client);
}

/* The proof can be cleared at any point, and does not call done() then. */
static void
test_cleared (void)
{
  FakeStun server;
  Client client;

  fake_stun_start (&server, FAKE_STUN_SILENT);
  for (guint n = 0; n < 3; n++)
    {
      client_start (&client, NULL, server.name, "127.0.0.1");
      while (server.n_plain < n)
        g_main_context_iteration (NULL, TRUE);
      client_clear (&client);
      g_assert_cmpuint (client.n_done, ==, 0);
    }
  fake_stun_stop (&server);
}

int
main (int argc, char **argv)
{
  int status;

  g_test_init (&argc, &argv, NULL);
  stun_proof_resolver = g_object_new (fake_resolver_get_type (), NULL);
  g_resolver_set_default (G_RESOLVER (stun_proof_resolver));

  for (gsize i = 0; i < G_N_ELEMENTS (rows); i++)
    {
      g_autofree char *path = g_strconcat ("/plumctl/stun-proof/", rows[i].name, NULL);

      g_test_add_data_func (path, &rows[i], test_row);
    }
  g_test_add_func ("/plumctl/stun-proof/transactions-differ", test_transactions_differ);
  g_test_add_func ("/plumctl/stun-proof/other-family", test_other_family);
  g_test_add_func ("/plumctl/stun-proof/name", test_name);
  g_test_add_func ("/plumctl/stun-proof/unknown-name", test_unknown_name);
  g_test_add_func ("/plumctl/stun-proof/ipv6-name", test_ipv6_name);
  g_test_add_func ("/plumctl/stun-proof/slow-resolver", test_slow_resolver);
  g_test_add_func ("/plumctl/stun-proof/cleared-during-lookup", test_cleared_during_lookup);
  g_test_add_func ("/plumctl/stun-proof/cannot-send", test_cannot_send);
  g_test_add_func ("/plumctl/stun-proof/cleared", test_cleared);

  status = g_test_run ();
  g_object_unref (stun_proof_resolver);
  return status;
}
