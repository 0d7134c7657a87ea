# One line in, its second field out. mawk wants -W interactive as well, or it reads ahead.
{ print $2; fflush() }
