/* SPDX-License-Identifier: LGPL-2.1-or-later */

#include <plum-glib/plum-glib.h>

#include <errno.h>
#include <linux/rtnetlink.h>
#include <string.h>

#include "plum-route-private.h"
#include "test-syscalls.h"

/* Tests of kernel errors and malformed answers. Each lookup fails immediately, with a message. */

static PlumNetwork *
look_up (const char *interface_name, GError **error)
{
  g_autoptr (GInetAddress) loopback = g_inet_address_new_loopback (G_SOCKET_FAMILY_IPV4);

  return plum_route_lookup (G_SOCKET_FAMILY_IPV4, interface_name, loopback, error);
}

static void
assert_fails (const char *interface_name, GQuark domain, int code, const char *message)
{
  g_autoptr (GError) error = NULL;
  g_autoptr (PlumNetwork) none = look_up (interface_name, &error);
  g_autoptr (PlumNetwork) network = NULL;
  g_autoptr (GError) no_error = NULL;

  g_assert_null (none);
  g_assert_error (error, domain, code);
  g_assert_cmpstr (error->message, ==, message);

  /* The next lookup succeeds. */
  test_syscalls_reset ();
  network = look_up (interface_name, &no_error);
  g_assert_no_error (no_error);
}

static void
test_no_socket (void)
{
  test_syscall_fail (TEST_SYSCALL_NETLINK_SOCKET, EAFNOSUPPORT);
  assert_fails (NULL, G_IO_ERROR, G_IO_ERROR_NOT_SUPPORTED,
                "Cannot query the kernel for routes: Address family not supported by protocol");
}

static void
test_no_send (void)
{
  test_syscall_fail (TEST_SYSCALL_NETLINK_SEND, EPERM);
  assert_fails (NULL, G_IO_ERROR, G_IO_ERROR_PERMISSION_DENIED,
                "Cannot query the kernel for routes: Operation not permitted");
}

/* The lookup never waits for an answer: if the send succeeds, the answer is available. */
static void
test_no_answer (void)
{
  test_syscall_fail (TEST_SYSCALL_NETLINK_RECEIVE, EAGAIN);
  assert_fails (NULL, G_IO_ERROR, G_IO_ERROR_WOULD_BLOCK,
                "The kernel did not report its routes: Resource temporarily unavailable");
}

static gsize
forge_type (guint8 *data, gsize size)
{
  ((struct nlmsghdr *) (void *) data)->nlmsg_type = RTM_NEWNEIGH;
  return size;
}

static void
test_other_type (void)
{
  test_syscalls_set_forger (forge_type);
  assert_fails (NULL, PLUM_ERROR, PLUM_ERROR_MALFORMED,
                "The kernel answered with message type 28; expected 24");
}

static gsize
forge_length (guint8 *data, gsize size)
{
  ((struct nlmsghdr *) (void *) data)->nlmsg_len = (guint32) size + 1;
  return size;
}

static void
test_wrong_length (void)
{
  g_autoptr (GError) error = NULL;

  test_syscalls_set_forger (forge_length);
  g_assert_null (look_up (NULL, &error));
  g_assert_error (error, PLUM_ERROR, PLUM_ERROR_MALFORMED);
  test_syscalls_reset ();
}

static gsize
forge_refusal (guint8 *data, gsize size)
{
  struct nlmsghdr *header = (void *) data;
  struct nlmsgerr *refusal = NLMSG_DATA (header);
  gsize length = NLMSG_LENGTH (sizeof *refusal);

  memset (refusal, 0, sizeof *refusal);
  refusal->error = -EPERM;
  header->nlmsg_type = NLMSG_ERROR;
  header->nlmsg_len = (guint32) length;
  return length;
}

static void
test_refused (void)
{
  test_syscalls_set_forger (forge_refusal);
  assert_fails (NULL, G_IO_ERROR, G_IO_ERROR_PERMISSION_DENIED,
                "The kernel did not report its routes: Operation not permitted");
}

static void
test_interface_refused (void)
{
  test_syscalls_set_forger (forge_refusal);
  assert_fails ("lo", G_IO_ERROR, G_IO_ERROR_PERMISSION_DENIED,
                "The kernel did not report its interfaces: Operation not permitted");
}

int
main (int argc, char **argv)
{
  g_test_init (&argc, &argv, NULL);

  g_test_add_func ("/route-faults/no-socket", test_no_socket);
  g_test_add_func ("/route-faults/no-send", test_no_send);
  g_test_add_func ("/route-faults/no-answer", test_no_answer);
  g_test_add_func ("/route-faults/other-type", test_other_type);
  g_test_add_func ("/route-faults/wrong-length", test_wrong_length);
  g_test_add_func ("/route-faults/refused", test_refused);
  g_test_add_func ("/route-faults/interface-refused", test_interface_refused);

  return g_test_run ();
}
