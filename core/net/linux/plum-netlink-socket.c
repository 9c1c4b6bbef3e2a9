/* SPDX-License-Identifier: LGPL-2.1-or-later */

#include "plum-netlink-socket-private.h"

#include <errno.h>
#include <glib/gi18n-lib.h>
#include <linux/netlink.h>
#include <sys/socket.h>
#include <unistd.h>

gboolean
plum_netlink_set_io_error (GError **error, int code, const char *what)
{
  g_set_error (error, G_IO_ERROR, g_io_error_from_errno (code), "%s: %s", what, g_strerror (code));
  return FALSE;
}

int
plum_netlink_open (guint groups, GError **error)
{
  struct sockaddr_nl address = { .nl_family = AF_NETLINK, .nl_groups = groups };
  int fd = socket (AF_NETLINK, SOCK_RAW | SOCK_CLOEXEC | SOCK_NONBLOCK, NETLINK_ROUTE);
  int code;

  /* The kernel binds other sockets when they send. */
  if (fd >= 0 && (groups == 0 || bind (fd, (struct sockaddr *) &address, sizeof address) == 0))
    return fd;

  code = errno;
  plum_netlink_set_io_error (error, code, _ ("Cannot query the kernel for routes"));
  if (fd >= 0)
    close (fd);
  return -1;
}

gssize
plum_netlink_receive (int fd, guint8 *buffer, gsize size)
{
  while (TRUE)
    {
      struct sockaddr_nl sender = { 0 };
      struct iovec part = { .iov_base = buffer, .iov_len = size };
      struct msghdr header = {
        .msg_name = &sender,
        .msg_namelen = sizeof sender,
        .msg_iov = &part,
        .msg_iovlen = 1,
      };
      gssize n = recvmsg (fd, &header, MSG_DONTWAIT);

      if (n < 0 && errno == EINTR)
        continue;
      if (n < 0)
        return -errno;
      /* Any process can send to a netlink socket. */
      if (header.msg_namelen != sizeof sender || sender.nl_pid != 0)
        continue;
      return (header.msg_flags & MSG_TRUNC) != 0 ? -EMSGSIZE : n;
    }
}
