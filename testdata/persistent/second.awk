# One line in, its second field out. mawk also needs -W interactive, or it reads ahead.
{ print $2; fflush() }
