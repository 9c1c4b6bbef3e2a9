/* SPDX-License-Identifier: LGPL-2.1-or-later */

#include "test-lan.h"

#include <net/if.h>
#include <sched.h>
#include <stdio.h>
#include <sys/ioctl.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <unistd.h>

#include "plum-route-private.h"

static gboolean have_namespace;

/* Files in /proc require a single write and must not be created. */
static gboolean
write_proc (const char *path, const char *text)
{
  g_autofree char *full_path = g_build_filename ("/proc/self", path, NULL);
  FILE *file = fopen (full_path, "we");
  gboolean written;

  if (file == NULL)
    return FALSE;

  written = fputs (text, file) >= 0;
  return fclose (file) == 0 && written;
}

/* Becomes root in a new user namespace, if the system allows it. */
static gboolean
enter_user_namespace (void)
{
  g_autofree char *uid_map = g_strdup_printf ("0 %u 1", (guint) geteuid ());
  g_autofree char *gid_map = g_strdup_printf ("0 %u 1", (guint) getegid ());

  if (unshare (CLONE_NEWUSER) != 0)
    return FALSE;

  /* The change of user clears this flag, which /proc and LeakSanitizer require. */
  prctl (PR_SET_DUMPABLE, 1);
  return write_proc ("uid_map", uid_map) && write_proc ("setgroups", "deny") &&
         write_proc ("gid_map", gid_map);
}

void
test_lan_enter_namespace (void)
{
  g_autofree char *ip = g_find_program_in_path ("ip");

  if (ip == NULL ||
      (unshare (CLONE_NEWNET) != 0 && (!enter_user_namespace () || unshare (CLONE_NEWNET) != 0)))
    return;

  g_assert_true (test_lan_ip ("link set lo up"));
  have_namespace = TRUE;
}

gboolean
test_lan_ip (const char *line)
{
  g_autofree char *command = g_strconcat ("ip ", line, NULL);
  g_autofree char *output = NULL;
  g_autofree char *complaint = NULL;
  int status;

  return g_spawn_command_line_sync (command, &output, &complaint, &status, NULL) &&
         g_spawn_check_wait_status (status, NULL);
}

static gboolean
on_change (gpointer user_data)
{
  ((TestWatch *) user_data)->n_changes++;
  return G_SOURCE_CONTINUE;
}

void
test_watch_init (TestWatch *watch)
{
  g_autoptr (GError) error = NULL;

  watch->context = g_main_context_new ();
  watch->n_changes = 0;
  watch->source = plum_route_watch_new (watch->context, on_change, watch, &error);
  g_assert_no_error (error);
}

void
test_watch_settle (TestWatch *watch)
{
  while (g_main_context_iteration (watch->context, FALSE))
    ;
}

void
test_watch_clear (TestWatch *watch)
{
  g_source_destroy (watch->source);
  g_clear_pointer (&watch->source, g_source_unref);
  g_clear_pointer (&watch->context, g_main_context_unref);
}

/* Waits for a change, or looks again at once if changes are not reported immediately. */
static void
watch_wait (TestWatch *watch)
{
#ifdef PLUM_PLATFORM_PORTABLE
  g_source_set_ready_time (watch->source, 0);
#endif
  g_main_context_iteration (watch->context, TRUE);
}

static gboolean
link_is_running (const char *name)
{
  struct ifreq request = { 0 };
  int fd = socket (AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0);
  gboolean running;

  g_strlcpy (request.ifr_name, name, sizeof request.ifr_name);
  running = ioctl (fd, SIOCGIFFLAGS, &request) == 0 && (request.ifr_flags & IFF_RUNNING) != 0;
  close (fd);
  return running;
}

void
test_lan_set_carrier (gboolean carrier)
{
  TestWatch watch;

  test_watch_init (&watch);
  g_assert_true (test_lan_ip (carrier ? "link set wan1 up" : "link set wan1 down"));
  while (link_is_running ("wan0") != carrier)
    watch_wait (&watch);
  test_watch_clear (&watch);
}

static gboolean
has_route_to (const char *text)
{
  g_autoptr (GInetAddress) address = g_inet_address_new_from_string (text);
  g_autoptr (PlumNetwork) network = NULL;

  network = plum_route_lookup (G_SOCKET_FAMILY_IPV6, "wan0", address, NULL);
  return network != NULL;
}

static void
lan_add_ipv6 (TestWatch *watch)
{
  g_assert_true (test_lan_ip ("addr add 2001:db8::2/64 dev wan0 nodad"));
  g_assert_true (test_lan_ip ("addr add fe80::2/64 dev wan0 nodad"));
  while (!has_route_to ("2001:db8::2") || !has_route_to ("fe80::2"))
    watch_wait (watch);
}

/* The kernel configures links and IPv6 addresses asynchronously and reports changes. */
void
test_lan_set_up (TestLan *lan, gconstpointer family)
{
  TestWatch watch;

  lan->ready = have_namespace && test_lan_ip ("link add wan0 type veth peer name wan1");
  if (!lan->ready)
    {
      g_test_skip ("No network namespace, no ip(8) or no veth device here");
      return;
    }

  test_watch_init (&watch);
  g_assert_true (test_lan_ip ("link set wan0 addrgenmode none"));
  g_assert_true (test_lan_ip ("link set wan1 addrgenmode none"));
  g_assert_true (test_lan_ip ("link set wan1 up"));
  g_assert_true (test_lan_ip ("link set wan0 up"));
  while (!link_is_running ("wan0") || !link_is_running ("wan1"))
    watch_wait (&watch);

  g_assert_true (test_lan_ip ("addr add 192.0.2.2/24 dev wan0"));
  if (family == TEST_LAN_IPV6)
    lan_add_ipv6 (&watch);
  test_watch_clear (&watch);
}

void
test_lan_tear_down (TestLan *lan, gconstpointer family)
{
  if (lan->ready)
    g_assert_true (test_lan_ip ("link del wan0"));
}
