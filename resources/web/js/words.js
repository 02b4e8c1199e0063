// The sentences that the pages say by themselves, in one place; the server's own words go before them where it gives any.

export const SESSION = {
  waiting: { badge: "Not on air", picture: "clock", title: "The show is not on air yet", words: "The picture starts here by itself. You can chat meanwhile." },
  live: { badge: "Live" },
  ended: { badge: "Ended", picture: "ended", title: "The show has ended", words: "Thank you for watching. The chat stays open for now." },
};

export const MEDIA = {
  connecting: { picture: "refresh", title: "Bringing the picture…", words: "" },
  reconnecting: { picture: "refresh", title: "Reconnecting…", words: "The picture comes back by itself.", turning: true },
  blocked: { picture: "play", title: "Ready when you are", words: "This browser starts pictures only when asked." },
  slow: { picture: "refresh", title: "The picture does not come through", words: "The page keeps trying. If other pages load, ask the host whether the show is reachable from your network." },
  bothMuted: { picture: "camera-off", title: "Picture and sound are switched off", words: "An admin has taken the host off for now. It goes on here by itself." },
  bothOver: { picture: "clock", title: "Picture and sound have run out", words: "The host's time to send them is over. It goes on here by itself once an admin gives more." },
  pictureOver: { picture: "clock", title: "The picture has run out", words: "The host's time to send a picture is over. The sound goes on." },
  pictureMuted: { picture: "camera-off", title: "The picture is switched off", words: "An admin has taken the host's picture off. The sound goes on." },
};

/** Why the picture does not come, as far as a page can know by itself. */
export const WHY = {
  offline: "This device has no network.",
  away: "The server does not answer.",
  silent: "Nothing of the picture has come through for some seconds.",
  broken: "The connection for the picture broke off.",
  late: "The server answers, but the picture does not get through to here.",
};

/** `later`: instead of the remedy, where the card says until when. */
export const GONE = {
  removed: { title: "An admin has removed you", remedy: "An admin can let you in again." },
  banned: { title: "An admin has banned you", remedy: "An admin can lift the ban.", later: "After that you may come in again, by a link that is good then." },
  time_over: { title: "Your time here is over", remedy: "Ask an admin for more time, then come back." },
  bad_message: { title: "This page and the server do not understand each other", remedy: "Load the page again. What you were sending may not have arrived." },
  revoked: { title: "This invite is no longer good", remedy: "It was taken back. Ask the host for a new link." },
  not_found: { title: "There is no such show", remedy: "Check the link, or ask the host for a new one." },
  not_signed_in: { title: "You are signed out", remedy: "Open your invite link again." },
  no_invite: { title: "An invite link is needed", remedy: "Ask the host for it, and open the whole of it." },
  admin_link: { title: "Sign in with your link", remedy: "The owner of the studio makes a link for you, which works once. Open it in this browser." },
  not_admin: { title: "This page is for admins", remedy: "You are signed in as somebody else here. Open the admin link that the owner of the studio made for you." },
  left: { title: "You have left", remedy: "Come back whenever you like." },
};

export const ROLES = { owner: "Host", admin: "Admin", director: "Director", broadcaster: "Host", guest: "Guest", viewer: "Viewer" };

/** Whether a notice is the server's about a command ("Tom removed you from the session."), which names its sender already. */
export const namesSender = ({ from, data }) => data.to !== "all" && data.text.startsWith(from.name) && !/^[\p{L}\p{N}]/u.test(data.text.slice(from.name.length));

export const people = (count) => (count === 1 ? "1 person here" : `${count} people here`);
export const watching = (count) => `${count} watching`;

export const AWAY = "Connection to the server lost. Trying again by itself…";
export const AWAY_LONG = "The server still does not answer. Check your connection; what you missed is shown as soon as it is back.";
