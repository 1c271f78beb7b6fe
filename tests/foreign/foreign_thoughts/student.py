"""The role `ex`: a student that writes expressions."""

from thoughtmill.train.roles import Role

EX = Role("Write one line of arithmetic whose value is the answer.", "expression")
